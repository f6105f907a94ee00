from dataclasses import replace
from typing import Any

import pytest

from contact_deletion.runtime import DELETION, InvalidSetting, Settings

DEFAULTS = Settings(
    sendgrid_base_url="https://api.sendgrid.com",
    api_key_secret_id="secret",
    on_behalf_of="",
    ledger_table="table",
    dead_letter_queue_url="https://sqs.example.com/dead-letters",
    deletion_status_queue_url="https://sqs.example.com/deletion-status",
    event_bus_name="default",
    outcome_events="each",
    contact_verification="on-error",
    delete_all_enabled=False,
    delete_all_max_age_seconds=900,
    consistency_window_seconds=900,
    service="sendgrid-contact-deletion",
    metrics_namespace="SendGridContactDeletion",
)
MINIMUM = {
    "SENDGRID_API_KEY_SECRET_ID": "secret",
    "LEDGER_TABLE": "table",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.example.com/dead-letters",
    "DELETION_STATUS_QUEUE_URL": "https://sqs.example.com/deletion-status",
}


def settings(**variables: str) -> Settings:
    return Settings.from_environ(MINIMUM | variables, *DELETION)


CASES = [
    (
        "SENDGRID_BASE_URL",
        "https://sendgrid.example.com/",
        "sendgrid_base_url",
        "https://sendgrid.example.com",
    ),
    ("SENDGRID_ON_BEHALF_OF", "subuser", "on_behalf_of", "subuser"),
    ("EVENT_BUS_NAME", "outcomes", "event_bus_name", "outcomes"),
    ("OUTCOME_EVENTS", "failures", "outcome_events", "failures"),
    ("CONTACT_VERIFICATION", "always", "contact_verification", "always"),
    ("DELETE_ALL_ENABLED", "true", "delete_all_enabled", True),
    ("DELETE_ALL_MAX_AGE_SECONDS", "60", "delete_all_max_age_seconds", 60),
    ("CONSISTENCY_WINDOW_SECONDS", "0", "consistency_window_seconds", 0),
    ("BACKUP_BUCKET", "backups", "backup_bucket", "backups"),
    ("CONTACT_LIST_BUCKET", "lists", "contact_list_bucket", "lists"),
    ("POWERTOOLS_SERVICE_NAME", "service", "service", "service"),
    ("POWERTOOLS_METRICS_NAMESPACE", "Namespace", "metrics_namespace", "Namespace"),
]


@pytest.mark.parametrize(("variable", "value", "setting", "expected"), CASES)
def test_a_setting_is_what_its_variable_says_or_else_its_default(
    variable: str, value: str, setting: str, expected: object
) -> None:
    changes: dict[str, Any] = {setting: expected}
    assert settings(**{variable: value}) == replace(DEFAULTS, **changes)
    assert settings(**{variable: ""}) == settings() == DEFAULTS


@pytest.mark.parametrize("name", MINIMUM)
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_variable_is_named(name: str, empty: bool) -> None:
    environ = {given: value for given, value in MINIMUM.items() if given != name}
    if empty:
        environ[name] = ""
    with pytest.raises(InvalidSetting, match=f"^environment variable {name} is missing or empty$"):
        Settings.from_environ(environ, *DELETION)


def test_a_function_does_without_what_it_does_not_require() -> None:
    assert Settings.from_environ({}).api_key_secret_id == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENDGRID_BASE_URL", "ftp://planted.example.com"),
        ("SENDGRID_ON_BEHALF_OF", "planted subuser"),
        ("SENDGRID_ON_BEHALF_OF", "planted\nX-Header: y"),
        ("SENDGRID_ON_BEHALF_OF", "plantéd"),
        ("SENDGRID_ON_BEHALF_OF", "planted" + "x" * 60),
        *(("DELETE_ALL_ENABLED", value) for value in ("planted", "True", "1", "true\n")),
        *(("DELETE_ALL_MAX_AGE_SECONDS", value) for value in ("planted", "0", "-900", "15.5", "100000", "٣")),
        *(("CONSISTENCY_WINDOW_SECONDS", value) for value in ("planted", "-1", "100000")),
    ],
)
def test_a_bad_variable_is_named_and_its_value_is_not_quoted(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^environment variable {name} must be") as raised:
        settings(**{name: value})
    assert "plant" not in str(raised.value)


PRIVATE = [
    *("http://localhost:8025", "http://sendgrid.localhost", "http://sendgrid.internal:80/base"),
    *("http://127.0.0.1:8025", "http://10.1.2.3", "http://172.16.0.1", "http://192.168.1.1"),
    *("http://[::1]:8025", "http://[fd00::1]"),
]
HTTPS = [
    *("https://api.sendgrid.com", "HTTPS://api.sendgrid.com", "https://203.0.113.7"),
    "https://api.sendgrid.com:8443/proxy/sendgrid",
]


@pytest.mark.parametrize("url", [*HTTPS, *PRIVATE])
def test_https_anywhere_and_http_in_private_are_base_urls(url: str) -> None:
    assert settings(SENDGRID_BASE_URL=url).sendgrid_base_url == url


NOT_PRIVATE = [
    *("http://api.sendgrid.com", "http://8.8.8.8", "http://[2001:4860:4860::8888]"),
    *("http://172.32.0.1", "http://127.0.0.1.example.com"),
    *("http://localhost.example.com", "http://internal", "http://example-internal"),
    "http://example.com\\.internal",  # HTTP clients end the host at a backslash
]
NO_URLS = [
    *("api.sendgrid.com", "//api.sendgrid.com", "ftp://localhost", "file:///etc/hosts"),
    *("https://", "https:///v3", "https://user:word@api.sendgrid.com", "http://localhost@example.com"),
    *("https://api.sendgrid.com?x=1", "https://api.sendgrid.com?", "https://api.sendgrid.com#x"),
    *("https://api.sendgrid.com:65536", "https://api.sendgrid.com:http", "https://[::1"),
    *("https://äpi.example.com", "https://api.example.com /", " https://api.example.com"),
    *("https://api.example.com\n", "https://api.example.com/a path"),
]


@pytest.mark.parametrize("url", [*NOT_PRIVATE, *NO_URLS], ids=repr)
def test_anything_else_is_no_base_url(url: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^environment variable SENDGRID_BASE_URL must be an https URL"):
        settings(SENDGRID_BASE_URL=url)
