"""What became of a request: exactly one outcome each."""

from dataclasses import dataclass

from contact_deletion.errors import Failure


@dataclass(frozen=True)
class Accepted:
    """SendGrid has queued the deletion, or there was nothing to delete.

    `contact_count` is the number of contacts the request names (all the account's for a delete-all), `replayed` says
    that the ledger answered and nobody was called, `note` is for people.
    """

    job_ids: tuple[str, ...]
    contact_count: int
    replayed: bool = False
    note: str = ""


Outcome = Accepted | Failure
