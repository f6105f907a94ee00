"""The double as its users see it: accounts, settings, faults to come, and what it has received."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import Headers

from local.sendgrid_double.account import Account
from local.sendgrid_double.clock import Clock
from local.sendgrid_double.faults import FaultQueue
from local.sendgrid_double.rate_limit import RateLimit, RateLimiter
from local.sendgrid_double.settings import Delay, Settings


@dataclass
class ReceivedRequest:
    """One request as it came in. `status` is None until the response is sent.

    `route` is the path as documented ("/v3/marketing/contacts/{contact_id}"), `target` path and query sent.
    `headers` are without Authorization: the key is not stored.
    """

    received_at: float
    method: str
    route: str
    target: str
    headers: Headers
    body: str
    status: int | None = None

    @property
    def target_length(self) -> int:
        return len(self.target)

    @property
    def ids(self) -> tuple[str, ...]:
        """The contact ids in the query, as sent."""
        values = parse_qs(urlsplit(self.target).query).get("ids", [])
        return tuple(contact_id for value in values for contact_id in value.split(","))


class SendGridDouble:
    """The state of the double behind the HTTP server (`serve`). Attributes may be changed while it runs.

    clock: seconds since the epoch; drives jobs, exports and rate limit. The double's own can be advanced.
    sleep: waits for latency and delayed responses.
    job_delay, export_delay: as in `settings.Settings`, where there is more to set.
    rate_limit: None for no limit, and then no X-RateLimit headers.
    api_keys: the keys accepted; None for any.
    latency_seconds: added to every response.
    max_target_length: a longer request target gets `too_long_status` (8,150 characters of ids observed to pass).

    `settings` are those of all its accounts. `poison_ids` look like contact ids, but a deletion that names one
    gets 400. `forbidden` makes all a 403. As long as there are no subusers, `on-behalf-of` is recorded and
    changes nothing.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        job_delay: Delay = 30.0,
        export_delay: Delay = 30.0,
        rate_limit: RateLimit | None = None,
        api_keys: Collection[str] | None = None,
        latency_seconds: float = 0.0,
        max_target_length: int = 8190,
    ) -> None:
        self.clock = Clock(clock)
        self.sleep = sleep
        self.api_keys = api_keys
        self.latency_seconds = latency_seconds
        self.max_target_length = max_target_length
        self.too_long_status = 414
        self.forbidden = False
        self.poison_ids: set[str] = set()
        self.settings = Settings(job_delay=job_delay, export_delay=export_delay)
        self.account = Account(self.clock, self.settings)
        self.subusers: dict[str, Account] = {}
        self.rate_limiter = RateLimiter(self.clock, rate_limit)
        self.faults = FaultQueue()
        self.requests: list[ReceivedRequest] = []

    def add_subuser(self, username: str) -> Account:
        """Adds a subuser with an empty account of its own."""
        self.subusers[username] = Account(self.clock, self.settings)
        return self.subusers[username]

    def accounts(self) -> Iterator[Account]:
        """The account and those of its subusers."""
        yield self.account
        yield from self.subusers.values()

    def account_for(self, on_behalf_of: str | None) -> Account | None:
        """The account that a call with this `on-behalf-of` works on; None if there is no such subuser."""
        if on_behalf_of and self.subusers:
            return self.subusers.get(on_behalf_of)
        return self.account

    def reset(self) -> None:
        """Removes contacts, jobs, exports, faults and requests. Settings, subusers, clock and rate limit stay."""
        for account in self.accounts():
            account.clear()
        self.faults.clear()
        self.rate_limiter.restart()
        self.requests.clear()
