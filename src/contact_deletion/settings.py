"""The functions' environment variables, validated once."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_BASE_URL = "https://api.sendgrid.com"
DEFAULT_DELETE_ALL_MAX_AGE_SECONDS = 900
DEFAULT_CONSISTENCY_WINDOW_SECONDS = 900

_PLAIN_URL = re.compile(r"[A-Za-z0-9.:/_~%\[\]-]+")
"""No white space, and nothing that clients understand differently: a backslash, credentials, a query, a fragment."""


class InvalidSetting(Exception):
    """An environment variable is missing or unusable; the message names it."""


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """What every function needs: where an operator finds the logs and metrics."""

    service: str
    metrics_namespace: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FunctionSettings":
        return cls(**_function(environ))


@dataclass(frozen=True, kw_only=True)
class AccountSettings(FunctionSettings):
    """What a function needs that calls SendGrid; `on_behalf_of` is a subuser's name or empty."""

    sendgrid_base_url: str
    api_key_secret_id: str
    on_behalf_of: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "AccountSettings":
        """Raises InvalidSetting, which names the variable and never quotes its value."""
        return cls(**_account(environ))


@dataclass(frozen=True, kw_only=True)
class Settings(AccountSettings):
    """What a function with a queue needs besides.

    `dead_letter_queue_url` is the function's own, `deletion_status_queue_url` empty where jobs are not followed,
    `event_bus_name` empty where no events are put; `delete_all_max_age_seconds` is the age from which a delete-all
    request is too old to be sent; for `consistency_window_seconds` after a deletion SendGrid may still show a contact.
    """

    ledger_table: str
    dead_letter_queue_url: str
    deletion_status_queue_url: str
    event_bus_name: str
    contact_verification: str
    delete_all_enabled: bool
    delete_all_max_age_seconds: int
    consistency_window_seconds: int = DEFAULT_CONSISTENCY_WINDOW_SECONDS

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises InvalidSetting, which names the variable and never quotes its value."""
        return cls(
            **_account(environ),
            ledger_table=required(environ, "LEDGER_TABLE"),
            dead_letter_queue_url=required(environ, "DEAD_LETTER_QUEUE_URL"),
            deletion_status_queue_url=environ.get("DELETION_STATUS_QUEUE_URL", ""),
            event_bus_name=_matching(
                environ, "EVENT_BUS_NAME", "", r"[A-Za-z0-9._/-]{0,256}", "the name of an event bus, or empty"
            ),
            contact_verification=_matching(
                environ,
                "CONTACT_VERIFICATION",
                "on-error",
                "on-error|always|never",
                "'on-error', 'always' or 'never'",
            ),
            delete_all_enabled=_matching(
                environ, "DELETE_ALL_ENABLED", "false", "true|false", "'true' or 'false'"
            )
            == "true",
            delete_all_max_age_seconds=int(
                _matching(
                    environ,
                    "DELETE_ALL_MAX_AGE_SECONDS",
                    str(DEFAULT_DELETE_ALL_MAX_AGE_SECONDS),
                    "[1-9][0-9]{0,4}",
                    "a whole number of seconds from 1 to 99999",
                )
            ),
            consistency_window_seconds=int(
                _matching(
                    environ,
                    "CONSISTENCY_WINDOW_SECONDS",
                    str(DEFAULT_CONSISTENCY_WINDOW_SECONDS),
                    "[0-9]{1,5}",
                    "a whole number of seconds from 0 to 99999",
                )
            ),
        )


def _function(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        "service": environ.get("POWERTOOLS_SERVICE_NAME") or "sendgrid-contact-deletion",
        "metrics_namespace": environ.get("POWERTOOLS_METRICS_NAMESPACE") or "SendGridContactDeletion",
    }


def _account(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        **_function(environ),
        "sendgrid_base_url": _base_url(environ),
        "api_key_secret_id": required(environ, "SENDGRID_API_KEY_SECRET_ID"),
        "on_behalf_of": _matching(
            environ, "SENDGRID_ON_BEHALF_OF", "", r"[!-~]{0,64}", "a subuser's name, or empty"
        ),
    }


def required(environ: Mapping[str, str], name: str) -> str:
    """Raises InvalidSetting where the variable is missing or empty."""
    value = environ.get(name, "")
    if not value:
        raise InvalidSetting(f"environment variable {name} is missing or empty")
    return value


def _matching(environ: Mapping[str, str], name: str, default: str, pattern: str, expected: str) -> str:
    value = environ.get(name) or default
    if not re.fullmatch(pattern, value):
        raise InvalidSetting(f"environment variable {name} must be {expected}")
    return value


def _base_url(environ: Mapping[str, str]) -> str:
    """The API key goes to this host with every call, so anything but https must stay on a private network."""
    value = environ.get("SENDGRID_BASE_URL") or DEFAULT_BASE_URL
    expected = "environment variable SENDGRID_BASE_URL must be an https URL (or http to a private address)"
    try:
        url = urlsplit(value)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise InvalidSetting(expected) from None
    secure = url.scheme == "https" or (url.scheme == "http" and _is_private(host))
    if not host or not secure or not _PLAIN_URL.fullmatch(value):
        raise InvalidSetting(expected)
    return value.rstrip("/")


def _is_private(host: str) -> bool:
    """Loopback and private addresses, and the names reserved for them (RFC 6761 `localhost`, ICANN's `.internal`)."""
    if host == "localhost" or host.endswith((".localhost", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
