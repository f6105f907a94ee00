"""Outcomes in the form in which a ledger record keeps them."""

from typing import Any

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.errors import DeleteAllUnconfirmed, Rejected, RequestConflict
from contact_deletion.outcomes import Accepted, DeletionOutcome

UNCONFIRMED: dict[str, Any] = {"code": DeleteAllUnconfirmed.__name__}
"""What is kept of a delete-all that may or may not have been received."""

_REJECTIONS = {kind.__name__: kind for kind in Rejected.__subclasses__()}


def of_accepted(outcome: Accepted) -> dict[str, Any]:
    return {"job_ids": list(outcome.job_ids), "contact_count": outcome.contact_count, "note": outcome.note}


def of_rejected(outcome: Rejected) -> dict[str, Any]:
    return {"code": outcome.code, "message": outcome.message, "job_ids": list(outcome.job_ids)}


def rejected(record: DataRecord) -> Rejected:
    """The outcome of a message that was rejected before."""
    kept = record.response_json_as_dict() or {}
    return _REJECTIONS[kept["code"]](kept["message"], job_ids=kept["job_ids"])


def replayed(record: DataRecord) -> DeletionOutcome:
    """The outcome of a request that was handled before."""
    stored = record.response_json_as_dict() or {}
    if stored == UNCONFIRMED:
        return unconfirmed()
    return Accepted(
        job_ids=tuple(stored["job_ids"]),
        contact_count=stored["contact_count"],
        replayed=True,
        note=stored["note"],
    )


def unconfirmed() -> DeleteAllUnconfirmed:
    return DeleteAllUnconfirmed.because("an earlier delivery sent it, or died while it did")


def conflict() -> RequestConflict:
    """For a request whose record is of other content."""
    return RequestConflict("this request_id was used before with different content")
