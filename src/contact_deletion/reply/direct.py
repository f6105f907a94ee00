"""The answer to a Step Functions workflow that invoked the function itself."""

from typing import Any

from contact_deletion.outcomes import Accepted, Outcome


def answer(outcome: Outcome, request_id: str | None) -> dict[str, Any]:
    """Raises the outcome where it is not acceptance: its class's name is what `ErrorEquals` names."""
    if not isinstance(outcome, Accepted):
        raise outcome
    accepted: dict[str, Any] = {
        "status": "accepted",
        "request_id": request_id,
        "job_ids": list(outcome.job_ids),
        "contact_count": outcome.contact_count,
        "replayed": outcome.replayed,
    }
    return accepted | {"note": outcome.note} if outcome.note else accepted
