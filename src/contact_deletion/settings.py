"""The functions' environment variables, validated once."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_BASE_URL = "https://api.sendgrid.com"
DEFAULT_DELETE_ALL_MAX_AGE_SECONDS = 900

_PLAIN_URL = re.compile(r"[A-Za-z0-9.:/_~%\[\]-]+")
"""No white space, and nothing that clients understand differently: a backslash, credentials, a query, a fragment."""


class InvalidSetting(Exception):
    """An environment variable is missing or unusable; the message names it."""


@dataclass(frozen=True)
class Settings:
    """What a deployment decides.

    `dead_letter_queue_url` is the function's own; `on_behalf_of` a subuser's name or empty;
    `delete_all_max_age_seconds` the age from which a delete-all request is too old to be sent; `service` and
    `metrics_namespace` are where an operator finds the logs and metrics.
    """

    sendgrid_base_url: str
    api_key_secret_id: str
    on_behalf_of: str
    ledger_table: str
    dead_letter_queue_url: str
    delete_all_enabled: bool
    delete_all_max_age_seconds: int
    service: str
    metrics_namespace: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises InvalidSetting, which names the variable and never quotes its value."""
        return cls(
            sendgrid_base_url=_base_url(environ),
            api_key_secret_id=_required(environ, "SENDGRID_API_KEY_SECRET_ID"),
            on_behalf_of=_matching(
                environ, "SENDGRID_ON_BEHALF_OF", "", r"[!-~]{0,64}", "a subuser's name, or empty"
            ),
            ledger_table=_required(environ, "LEDGER_TABLE"),
            dead_letter_queue_url=_required(environ, "DEAD_LETTER_QUEUE_URL"),
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
            service=environ.get("POWERTOOLS_SERVICE_NAME") or "sendgrid-contact-deletion",
            metrics_namespace=environ.get("POWERTOOLS_METRICS_NAMESPACE") or "SendGridContactDeletion",
        )


def _required(environ: Mapping[str, str], name: str) -> str:
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
