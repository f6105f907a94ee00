"""The SendGrid API key, from Secrets Manager."""

import json
import re
from threading import Lock

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from contact_deletion.aws_errors import error_code
from contact_deletion.errors import SendGridUnauthorized

MAX_AGE_SECONDS = 300
"""A rotated key is noticed by its 401 anyway; this bounds how long a replaced one that still works is used."""

_HEADER_SAFE = re.compile("[!-~]+")


class ApiKey:
    """The key, cached; shared by the threads that call SendGrid."""

    def __init__(self, provider: SecretsProvider, secret_id: str) -> None:
        self._provider = provider
        self._secret_id = secret_id
        self._lock = Lock()

    def current(self) -> str:
        """Raises SendGridUnauthorized when the secret cannot be read or holds no key."""
        with self._lock:
            return self._read(force_fetch=False)

    def renewed(self, refused: str) -> str:
        """The key after SendGrid answered 401 to `refused`: read afresh, unless another thread has done so already."""
        with self._lock:
            known = self._read(force_fetch=False)
            return known if known != refused else self._read(force_fetch=True)

    def _read(self, *, force_fetch: bool) -> str:
        try:
            secret = self._provider.get(self._secret_id, max_age=MAX_AGE_SECONDS, force_fetch=force_fetch)
        except GetParameterError as error:
            raise SendGridUnauthorized(f"the API key's secret cannot be read ({_cause(error)})") from None
        key = _key_of(secret)
        if _HEADER_SAFE.fullmatch(key):
            return key
        if not force_fetch:  # somebody may have filled it since
            return self._read(force_fetch=True)
        raise SendGridUnauthorized(
            "the API key's secret must be the key itself, or JSON with a field api_key"
        )


def _key_of(secret: object) -> str:
    text = secret.strip() if isinstance(secret, str) else ""
    if not text.startswith("{"):
        return text
    try:
        key = json.loads(text).get("api_key")
    except ValueError:
        return ""
    return key.strip() if isinstance(key, str) else ""


def _cause(error: GetParameterError) -> str:
    """Powertools keeps botocore's error only as the context of its own."""
    cause = error.__context__
    return error_code(cause) if isinstance(cause, Exception) else type(cause).__name__
