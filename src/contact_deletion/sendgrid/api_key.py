"""The SendGrid API key, from Secrets Manager."""

import json
import re
from threading import Lock

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from contact_deletion.errors import SendGridUnauthorized, error_code

# A rotated key is read again when it is refused. This bounds how long a replaced key that still works is used.
MAX_AGE_SECONDS = 300

_FORM = "the API key's secret must be the key itself, or JSON with a field api_key"

# RFC 6750, section 2.1: what may follow "Bearer".
_BEARER_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")

# A byte order mark and a zero-width space come along from editors and web pages.
_AROUND = " \t\r\n\v\f\u00a0\u200b\ufeff\"'`\u201c\u201d\u2018\u2019,;"

_BEFORE = re.compile(r"(?:(?:export|set)\s+|\$env:)?[A-Za-z_][A-Za-z0-9_-]*\s*[:=]|bearer\s", re.IGNORECASE)


class ApiKey:
    """The key, cached; shared by the threads that call SendGrid."""

    def __init__(self, provider: SecretsProvider, secret_id: str) -> None:
        self._provider = provider
        self._secret_id = secret_id
        self._lock = Lock()

    def current(self) -> str:
        """Raises SendGridUnauthorized when the secret cannot be read or contains no key."""
        with self._lock:
            return self._read(force_fetch=False)

    def renewed(self, refused: str) -> str:
        """The key after SendGrid refused `refused`: read again, unless another thread has done so already."""
        with self._lock:
            known = self._read(force_fetch=False)
            return known if known != refused else self._read(force_fetch=True)

    def _read(self, *, force_fetch: bool) -> str:
        try:
            secret = self._provider.get(self._secret_id, max_age=MAX_AGE_SECONDS, force_fetch=force_fetch)
        except GetParameterError as error:
            raise SendGridUnauthorized(f"the API key's secret cannot be read ({_cause(error)})") from None
        try:
            return _key_of(secret)
        except _NoKey as cause:
            if not force_fetch:  # it may have been filled since
                return self._read(force_fetch=True)
            raise SendGridUnauthorized(f"{_FORM}: {cause}") from None


class _NoKey(Exception):
    """The reason why the secret contains no key. It never quotes the secret."""


def _key_of(secret: object) -> str:
    """The key without what is often pasted with it: white space, quotes, an assignment, `Bearer`. Raises _NoKey."""
    if not isinstance(secret, str):
        raise _NoKey("it is binary; put it as text (SecretString)")
    text = secret.strip(_AROUND)
    key = _bare(_field(text) if text.startswith("{") else text)
    if not key:
        raise _NoKey("it is empty")
    if re.search(r"\s", key):
        raise _NoKey("it has white space inside")
    if not _BEARER_TOKEN.fullmatch(key):
        raise _NoKey("it has a character that no key has")
    return key


def _field(text: str) -> str:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise _NoKey("it looks like JSON, but is not") from None
    if "api_key" not in fields:
        raise _NoKey("it is JSON without a field api_key")
    if not isinstance(fields["api_key"], str):
        raise _NoKey("api_key is not text")
    return fields["api_key"]


def _bare(text: str) -> str:
    text = text.strip(_AROUND)
    while before := _BEFORE.match(text):
        text = text[before.end() :].strip(_AROUND)
    return text


def _cause(error: GetParameterError) -> str:
    """The AWS error code. Powertools has botocore's error only as the context of its own."""
    cause = error.__context__
    return error_code(cause) if isinstance(cause, Exception) else type(cause).__name__
