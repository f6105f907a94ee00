"""What the functions' logs say of the requests."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from local.outcome_lines import of_each_request


@dataclass
class Journal:
    """Message ids by outcome so far, the seconds that functions waited for the rate limit, and the lines read.

    `replayed` are among the accepted: duplicates, answered from the ledger.
    """

    accepted: set[str] = field(default_factory=set)
    replayed: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    seconds_waited: float = 0.0
    lines: int = 0

    @property
    def waiting(self) -> int:
        """Messages that were deferred, and have no other outcome yet."""
        return len(self.deferred - self.accepted - self.rejected)

    def read(self, lines: Iterable[str]) -> None:
        """Lines that are not JSON are no records."""
        for line in lines:
            self.lines += 1
            record = json.loads(line) if line.startswith("{") else {}
            self.seconds_waited += sum(record.get("RateLimitWait", ()))
            # A workflow's request has no message.
            outcomes = of_each_request(record)
            message_ids = [outcome["message_id"] for outcome in outcomes if "message_id" in outcome]
            match record.get("message"):
                case "request accepted":
                    self.accepted.update(message_ids)
                    if record["replayed"]:
                        self.replayed.update(message_ids)
                case "request rejected":
                    self.rejected.update(message_ids)
                case "request deferred":
                    self.deferred.update(message_ids)
