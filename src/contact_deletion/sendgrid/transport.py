"""Makes calls to SendGrid, with an account's key, within its rate limits and within a time limit."""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3

from contact_deletion.deadline import Clock, Deadline, Sleep
from contact_deletion.errors import RateLimited, SendGridRefused, SendGridUnavailable
from contact_deletion.sendgrid import responses
from contact_deletion.sendgrid.api_key import ApiKey
from contact_deletion.sendgrid.rate_limit import MAX_CALLS_AT_ONCE, RateLimit, retry_after

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0

# The longest that a call takes: the headers may be slow, and so may the last part of the body. No call starts with less
# time left.
CALL_SECONDS = CONNECT_SECONDS + 2 * READ_SECONDS

# A connection that died while the environment was frozen is detected with the first packet.
DEAD_CONNECTION_SECONDS = 1.0

MAX_BODY_BYTES = 1024 * 1024

# A key that was replaced may be void, lack a scope or belong to another region.
_PERHAPS_OLD_KEY = frozenset({401, 403, 451})


@dataclass
class Usage:
    """The calls that an invocation made, and the seconds that it waited for the rate limit."""

    api_calls: int = 0
    rate_limit_wait_seconds: float = 0.0


class _Response(NamedTuple):
    """A response of SendGrid.

    `body` is None where it ended early. `retry_after` is the number of seconds that a 5xx asks to wait.
    """

    status: int
    body: bytes | None
    retry_after: float


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Returns no target, because no redirect is followed. `requests` would read the body of the redirect for it."""
        return None


def new_session() -> requests.Session:
    """A pool of connections without any other state: no cookie, no .netrc login, no proxy."""
    session = _Session()
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=MAX_CALLS_AT_ONCE))
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=MAX_CALLS_AT_ONCE))
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = False
    return session


@dataclass(frozen=True)
class Call:
    """One call to SendGrid.

    No error contains one of `personal_values`. `as_parent` leaves out On-Behalf-Of. A call that `is_repeatable` may be
    sent twice without harm. For a call that may be done only `at_most_once`, every response is a lost one that is
    neither a success nor a refusal by SendGrid itself. A 400 or 404 that `may_be_refused_barely` is SendGrid's own
    without the usual list of errors too.
    """

    method: str
    target: str
    body: Mapping[str, object] | None = None
    personal_values: Sequence[str] = ()
    max_body_bytes: int = MAX_BODY_BYTES
    as_parent: bool = False
    is_repeatable: bool = False
    at_most_once: bool = False
    may_be_refused_barely: bool = False


class Transport:
    """Calls SendGrid for one account; safe to use from several threads.

    A call raises SendGridUnauthorized, RateLimited, SendGridUnavailable or SendGridRefused.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: ApiKey,
        on_behalf_of: str,
        session: requests.Session,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        url = urlsplit(base_url)
        self._origin = f"{url.scheme}://{url.netloc}"
        self._marketing = f"{url.path}/v3/marketing"
        self._contacts = f"{self._marketing}/contacts"
        self._api_key = api_key
        self._on_behalf_of = on_behalf_of
        self._session = session
        self._clock = clock
        self._sleep = sleep
        self._limits: defaultdict[str, RateLimit] = defaultdict(lambda: RateLimit(clock))
        self._usage_lock = Lock()
        self._usage = Usage()
        # Whether a connection may be in the pool. It may have died since: Lambda freezes the process in between.
        self._is_pooled = False
        self._has_been_answered = False

    def wait_for_reset(self, limit: RateLimit, deadline: Deadline) -> None:
        """Sleeps until the window ends. Raises RateLimited where no time would be left for a call."""
        seconds = limit.seconds_until_reset()
        if seconds + CALL_SECONDS > deadline.remaining():
            raise RateLimited(
                "the rate limit is spent, and its reset is too far off to wait", retry_after=seconds
            )
        with self._usage_lock:
            self._usage.rate_limit_wait_seconds += seconds
        self._sleep(seconds)

    def may_start(self, limit: RateLimit, deadline: Deadline, in_flight: int = 0) -> bool:
        """Whether a call may start now beside `in_flight` others. If there are none, it waits until one may.

        Raises SendGridUnavailable or RateLimited where no time would be left for a call.
        """
        require_time(deadline)
        while not limit.try_acquire(in_flight):
            if in_flight:
                return False
            self.wait_for_reset(limit, deadline)
        return True

    def derived_key(self, purpose: bytes) -> bytes:
        """A key for this purpose, which only those have who have the API key, and which changes with it.

        Raises SendGridUnauthorized where the API key cannot be read.
        """
        return hmac.digest(self._api_key.current().encode(), purpose, "sha256")

    def take_usage(self) -> Usage:
        """The usage since it was last taken."""
        with self._usage_lock:
            usage, self._usage = self._usage, Usage()
        return usage

    def _rate_limited_request(self, call: Call, endpoint: str, deadline: Deadline) -> bytes | None:
        """Makes the call when the rate limit of its endpoint allows it, and again after a 429 while there is time."""
        limit = self._limits[f"{call.method} {endpoint}{' as parent' if call.as_parent else ''}"]
        while True:
            self.may_start(limit, deadline)
            try:
                return self._call(call, limit)
            except RateLimited:
                self.wait_for_reset(limit, deadline)

    def _call(self, call: Call, limit: RateLimit) -> bytes | None:
        """Makes one call, and returns the body of its 2xx response.

        It is made again with a renewed key, and where it is repeatable and its pooled connection was dead.
        """
        key, is_renewed = self._api_key.current(), False
        while True:
            with self._usage_lock:
                self._usage.api_calls += 1
            started_at, was_pooled = self._clock(), self._is_pooled
            try:
                http_response = self._session.request(
                    call.method,
                    self._origin + call.target,
                    headers=self._headers(call, key),
                    json=call.body,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
            except requests.RequestException as error:
                # The other connections of the pool have died as well. The next one is new, so this happens once.
                self._session.close()
                self._is_pooled = False
                is_dead = isinstance(error, requests.ConnectionError) and not _surely_not_sent(error)
                is_sudden = self._clock() - started_at <= DEAD_CONNECTION_SECONDS
                if was_pooled and is_dead and is_sudden and call.is_repeatable:
                    continue
                raise SendGridUnavailable(
                    f"SendGrid could not be reached, or did not respond ({type(error).__name__})",
                    maybe_received=not _surely_not_sent(error),
                ) from None
            self._is_pooled = True
            with http_response:
                response = self._read(http_response, call, limit, started_at)
            if response.status not in _PERHAPS_OLD_KEY or is_renewed:
                break
            refused, key, is_renewed = key, self._api_key.renewed(key), True
            if key == refused:
                break
        return self._body_of(response, call, limit)

    def _headers(self, call: Call, key: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if self._on_behalf_of and not call.as_parent:
            # In lower case it was ignored, and the parent account answered (sendgrid/docs#3751).
            headers["On-Behalf-Of"] = self._on_behalf_of
        return headers

    def _read(
        self, http_response: requests.Response, call: Call, limit: RateLimit, started_at: float
    ) -> _Response:
        """Reads a response to its end, and updates the rate limit from its headers."""
        status, headers = http_response.status_code, http_response.headers
        wait_seconds = 0.0
        if status < 500:
            limit.update_from_headers(headers, refused=status == 429)
        else:
            wait_seconds = retry_after(headers, self._clock()) or 0.0
        give_up_at = started_at + CONNECT_SECONDS + READ_SECONDS
        body = self._body(http_response, give_up_at, call.max_body_bytes)
        if call.at_most_once and not (200 <= status < 300 or responses.is_refusal(status, headers, body)):
            raise SendGridUnavailable(f"SendGrid responded with HTTP {status}", retry_after=wait_seconds)
        return _Response(status, body, wait_seconds)

    def _body_of(self, response: _Response, call: Call, limit: RateLimit) -> bytes | None:
        """The body of a 2xx response. Raises the error that any other response stands for."""
        if response.status == 429:
            raise RateLimited("SendGrid responded with HTTP 429", retry_after=limit.seconds_until_reset())
        if call.method == "GET" and response.status == 404 and response.body == b"":
            # Twilio's specification of Get a Contact by ID has a 404 without a body.
            raise SendGridRefused("SendGrid responded with HTTP 404", status=404)
        if (
            call.may_be_refused_barely
            and response.status in (400, 404)
            and responses.is_bare_error(response.body)
        ):
            raise SendGridRefused(f"SendGrid responded with HTTP {response.status}", status=response.status)
        if not 200 <= response.status < 300:
            raise responses.failure(
                response.status, response.body, call.personal_values, response.retry_after
            )
        self._has_been_answered = True
        return response.body

    def _body(self, response: requests.Response, give_up_at: float, max_bytes: int) -> bytes | None:
        """The body, or None where it ends early, is too large or does not end in time."""
        body = bytearray()
        try:
            while chunk := response.raw.read1(64 * 1024, decode_content=True):
                body += chunk
                if len(body) > max_bytes or self._clock() > give_up_at:
                    return None
        except urllib3.exceptions.HTTPError:
            return None
        return bytes(body)


def require_time(deadline: Deadline) -> None:
    """Raises SendGridUnavailable where a call that starts now might not end in time."""
    if deadline.remaining() < CALL_SECONDS:
        raise SendGridUnavailable("the invocation has no time left for another call", maybe_received=False)


def _surely_not_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)
