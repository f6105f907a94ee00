"""Outcomes in the form of a ledger record."""

from typing import Any

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.errors import DeleteAllUnconfirmed, Rejected, RequestConflict
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.requests.resolution import Resolution

# The record of a delete-all that SendGrid may or may not have received.
UNCONFIRMED: dict[str, Any] = {"code": DeleteAllUnconfirmed.__name__}

_REJECTIONS = {kind.__name__: kind for kind in Rejected.__subclasses__()}


def of_accepted(outcome: Accepted) -> dict[str, Any]:
    accepted = {
        "job_ids": list(outcome.job_ids),
        "contact_count": outcome.contact_count,
        "note": outcome.note,
    }
    return accepted if outcome.resolution is None else accepted | {"resolution": outcome.resolution.stored}


def of_rejected(outcome: Rejected) -> dict[str, Any]:
    return {"code": outcome.code, "message": outcome.message, "job_ids": list(outcome.job_ids)}


def rejected(record: DataRecord) -> Rejected:
    """The outcome of a message that was rejected before."""
    response = record.response_json_as_dict() or {}
    return _REJECTIONS[response["code"]](response["message"], job_ids=response["job_ids"])


def replayed(record: DataRecord) -> DeletionOutcome:
    """The outcome of a request that was handled before."""
    response = record.response_json_as_dict() or {}
    if response == UNCONFIRMED:
        return unconfirmed()
    return Accepted(
        job_ids=tuple(response["job_ids"]),
        contact_count=response["contact_count"],
        replayed=True,
        note=response["note"],
        resolution=resolution(response),
    )


def resolution(response: dict[str, Any]) -> Resolution | None:
    """The resolution of the identifiers of a request by identifiers."""
    return Resolution.of(response["resolution"]) if "resolution" in response else None


def unconfirmed() -> DeleteAllUnconfirmed:
    return DeleteAllUnconfirmed.because("an earlier delivery sent it, or died while it did")


def conflict() -> RequestConflict:
    """The outcome of a request whose record has other content."""
    return RequestConflict("this request_id was used before with different content")
