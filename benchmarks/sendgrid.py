"""The SendGrid double in a process of its own, with a fixed latency."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.own_process import OwnProcess
from local.sendgrid_double import RateLimit, SendGridDouble, serve

LATENCY_SECONDS = 0.05


@dataclass(frozen=True)
class Received:
    """`calls` are deletions. `last_accepted_at`, in seconds since the epoch, is when the last 202 was answered.

    `contacts` is how many different ids the calls named that were answered 202.
    """

    calls: int
    refused: int
    contacts: int
    last_accepted_at: float
    searches: int = 0

    def require(self, contacts: int, *, of: str) -> None:
        """Raises Incomplete."""
        if self.contacts != contacts:
            raise Incomplete(f"{of}: {self.contacts} of {contacts} contacts")


class Incomplete(Exception):
    """SendGrid did not receive a deletion of every contact."""


class SendGrid(OwnProcess):
    """`url` is for SENDGRID_BASE_URL. It checks no key."""

    def __init__(self) -> None:
        super().__init__(_serve)
        self.url: str = self.introduction

    def reset(self, limit: RateLimit | None, addresses: Sequence[str] = ()) -> None:
        """Resets the double, with this rate limit and contacts with these addresses."""
        self.call(("reset", limit, addresses))

    def received(self) -> Received:
        """Since the last reset."""
        received: Received = self.call(("received", None, ()))
        return received


def _serve(connection: Connection) -> None:
    double = SendGridDouble(latency_seconds=LATENCY_SECONDS)
    with serve(double) as url:
        connection.send(url)
        while True:
            try:
                question, limit, addresses = connection.recv()
            except EOFError:
                return
            if question == "reset":
                double.reset()
                double.rate_limiter.configure(limit)
                for address in addresses:
                    double.account.add_contact(email=address)
            connection.send(_received(double))


def _received(double: SendGridDouble) -> Received:
    jobs = double.account.jobs()
    return Received(
        calls=sum(request.method == "DELETE" for request in double.requests),
        refused=sum(request.status == 429 for request in double.requests),
        contacts=len({contact_id for job in jobs for contact_id in job.contact_ids}),
        last_accepted_at=max((job.started_at for job in jobs), default=0.0),
        searches=sum("/search/" in request.route for request in double.requests),
    )
