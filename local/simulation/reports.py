"""What the outcome events report of each request."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from local.simulation.producers import COMPLETED, FAILED, UNKNOWN, Sent
from local.simulation.truth import Truth
from local.simulation.wire import Wire


class Reports:
    """`ends` and `jobs` have, by the serial number of a request, the ends that were reported of it, and the jobs that
    each report names; `ended_jobs` the jobs of all reports, and `kinds` how many reports there are of each kind.

    `sent` are the requests by their serial numbers, and `serials` these numbers by the ID of the message.
    """

    def __init__(
        self, sent: Mapping[str, Sent], serials: Mapping[str, str], truth: Truth, wire: Wire
    ) -> None:
        self._sent = sent
        self._serials = serials
        self._truth = truth
        self._wire = wire
        self.ends: defaultdict[str, set[str]] = defaultdict(set)
        self.jobs: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        self.ended_jobs: set[str] = set()
        self.kinds: Counter[str] = Counter()
        self.violations: list[str] = []

    def event(self, kind: str, detail: dict[str, Any]) -> None:
        """One was published."""
        self.kinds[kind.removeprefix("Contact Deletion ")] += 1
        self.ended_jobs.update(detail["job_ids"])
        serial = self._serials.get(detail["message_id"] or "")
        if serial is None:
            self.violations.append(f"an event about no message: {detail}")
        else:
            kind = kind.rpartition(" ")[2]
            self.ends[serial].add(_end(kind, detail["code"]))
            self.jobs[serial].add(tuple(detail["job_ids"]))
            self._truth.judge(kind, detail, self._sent[serial], self._wire.running[-1])


def _end(kind: str, code: str | None) -> str:
    """What an event says of its message, as `invariants` compares it."""
    if kind == "Rejected":
        return f"event {code}"
    if kind == "Completed":
        return COMPLETED
    return FAILED if kind == "Failed" and code == "DeletionFailed" else UNKNOWN
