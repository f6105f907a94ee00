import pytest

from contact_deletion.runtime import DELETION, InvalidSetting, Settings

MINIMUM = {
    "SENDGRID_API_KEY_SECRET_ID": "secret",
    "LEDGER_TABLE": "table",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.example.com/dead-letters",
    "DELETION_STATUS_QUEUE_URL": "https://sqs.example.com/deletion-status",
}


def settings(**variables: str) -> Settings:
    return Settings.from_environ(MINIMUM | variables, *DELETION)


def test_what_is_not_set_has_its_default() -> None:
    assert settings() == Settings(
        sendgrid_base_url="https://api.sendgrid.com",
        api_key_secret_id=MINIMUM["SENDGRID_API_KEY_SECRET_ID"],
        on_behalf_of="",
        ledger_table="table",
        dead_letter_queue_url="https://sqs.example.com/dead-letters",
        deletion_status_queue_url="https://sqs.example.com/deletion-status",
        event_bus_name="",
        contact_verification="on-error",
        delete_all_enabled=False,
        delete_all_max_age_seconds=900,
        consistency_window_seconds=900,
        service="sendgrid-contact-deletion",
        metrics_namespace="SendGridContactDeletion",
    )


def test_what_is_set_is_kept() -> None:
    assert settings(
        SENDGRID_BASE_URL="https://sendgrid.example.com/",
        SENDGRID_ON_BEHALF_OF="subuser",
        EVENT_BUS_NAME="outcomes",
        CONTACT_VERIFICATION="always",
        DELETE_ALL_ENABLED="true",
        DELETE_ALL_MAX_AGE_SECONDS="60",
        CONSISTENCY_WINDOW_SECONDS="0",
        BACKUP_BUCKET="backups",
        CONTACT_LIST_BUCKET="lists",
        POWERTOOLS_SERVICE_NAME="service",
        POWERTOOLS_METRICS_NAMESPACE="Namespace",
    ) == Settings(
        sendgrid_base_url="https://sendgrid.example.com",
        api_key_secret_id=MINIMUM["SENDGRID_API_KEY_SECRET_ID"],
        on_behalf_of="subuser",
        ledger_table="table",
        dead_letter_queue_url="https://sqs.example.com/dead-letters",
        deletion_status_queue_url="https://sqs.example.com/deletion-status",
        event_bus_name="outcomes",
        contact_verification="always",
        delete_all_enabled=True,
        delete_all_max_age_seconds=60,
        consistency_window_seconds=0,
        backup_bucket="backups",
        contact_list_bucket="lists",
        service="service",
        metrics_namespace="Namespace",
    )


def test_an_empty_variable_is_as_good_as_none() -> None:
    optional = (
        "SENDGRID_BASE_URL",
        "SENDGRID_ON_BEHALF_OF",
        "EVENT_BUS_NAME",
        "CONTACT_VERIFICATION",
        "DELETE_ALL_ENABLED",
        "DELETE_ALL_MAX_AGE_SECONDS",
        "CONSISTENCY_WINDOW_SECONDS",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
    )
    assert settings(**dict.fromkeys(optional, "")) == settings()


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
        ("DELETE_ALL_ENABLED", "planted"),
        ("DELETE_ALL_ENABLED", "True"),
        ("DELETE_ALL_ENABLED", "1"),
        ("DELETE_ALL_ENABLED", "true\n"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "planted"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "0"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "-900"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "15.5"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "100000"),
        ("DELETE_ALL_MAX_AGE_SECONDS", "٣"),
        ("CONSISTENCY_WINDOW_SECONDS", "planted"),
        ("CONSISTENCY_WINDOW_SECONDS", "-1"),
        ("CONSISTENCY_WINDOW_SECONDS", "100000"),
    ],
)
def test_a_bad_variable_is_named_and_its_value_is_not_quoted(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^environment variable {name} must be") as raised:
        settings(**{name: value})
    assert "plant" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sendgrid.com",
        "HTTPS://api.sendgrid.com",
        "https://api.sendgrid.com:8443/proxy/sendgrid",
        "https://203.0.113.7",
        "http://localhost:8025",
        "http://sendgrid.localhost",
        "http://sendgrid.internal:80/base",
        "http://127.0.0.1:8025",
        "http://10.1.2.3",
        "http://172.16.0.1",
        "http://192.168.1.1",
        "http://[::1]:8025",
        "http://[fd00::1]",
    ],
)
def test_https_anywhere_and_http_in_private_are_base_urls(url: str) -> None:
    assert settings(SENDGRID_BASE_URL=url).sendgrid_base_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://api.sendgrid.com", id="http to a public name"),
        pytest.param("http://8.8.8.8", id="http to a public address"),
        pytest.param("http://[2001:4860:4860::8888]", id="http to a public IPv6 address"),
        pytest.param("http://172.32.0.1", id="just outside a private range"),
        pytest.param("http://localhost.example.com", id="localhost as a label only"),
        pytest.param("http://internal", id="internal without a name"),
        pytest.param("http://example-internal", id="internal without a dot"),
        pytest.param("http://127.0.0.1.example.com", id="an address as labels only"),
        pytest.param("api.sendgrid.com", id="no scheme"),
        pytest.param("//api.sendgrid.com", id="an empty scheme"),
        pytest.param("ftp://localhost", id="another scheme"),
        pytest.param("file:///etc/hosts", id="a file"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///v3", id="a path without a host"),
        pytest.param("https://user:word@api.sendgrid.com", id="user and password"),
        pytest.param("http://localhost@example.com", id="a private name as the user"),
        pytest.param("https://api.sendgrid.com?x=1", id="query"),
        pytest.param("https://api.sendgrid.com?", id="empty query"),
        pytest.param("https://api.sendgrid.com#x", id="fragment"),
        pytest.param("https://api.sendgrid.com:65536", id="port too high"),
        pytest.param("https://api.sendgrid.com:http", id="port no number"),
        pytest.param("https://[::1", id="broken IPv6"),
        pytest.param("https://äpi.example.com", id="not ASCII"),
        pytest.param("https://api.example.com /", id="a space after the host"),
        pytest.param(" https://api.example.com", id="a space before"),
        pytest.param("https://api.example.com\n", id="a newline after"),
        pytest.param("https://api.example.com/a path", id="a space in the path"),
        pytest.param("http://example.com\\.internal", id="a backslash, where HTTP clients end the host"),
    ],
)
def test_anything_else_is_no_base_url(url: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^environment variable SENDGRID_BASE_URL must be an https URL"):
        settings(SENDGRID_BASE_URL=url)
