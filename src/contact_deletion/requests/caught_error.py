"""The error of a function, as the Catch of a workflow passes it on."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from contact_deletion.errors import (
    InvalidRequest,
    LedgerUnavailable,
    NotAccepted,
    OutcomeUnknown,
    RateLimited,
    RequestConflict,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.requests.validation import RESOURCE_ID

# The outcomes of a bulk deletion that name every job that was started for the request.
_NOTHING_STARTED = {
    kind.__name__: kind
    for kind in (InvalidRequest, RequestConflict, SendGridRefused, SendGridUnauthorized, RateLimited)
}
# A call may have taken effect although its response was lost, and an unread ledger may name jobs.
_MAYBE_STARTED = {kind.__name__: kind for kind in (SendGridUnavailable, LedgerUnavailable)}


class CaughtError(NamedTuple):
    """An error by its name, with its message without the stack trace, and the jobs that were started."""

    code: str
    message: str
    job_ids: tuple[str, ...]

    def outcome(self) -> NotAccepted:
        """The outcome that the function raised, or OutcomeUnknown if it may have started jobs without naming them."""
        kinds = _NOTHING_STARTED | _MAYBE_STARTED if self.job_ids else _NOTHING_STARTED
        if self.code in kinds:
            return kinds[self.code](self.message, job_ids=self.job_ids)
        return OutcomeUnknown(f"the deletion ended in {self.code}", job_ids=self.job_ids)


def read(error: Mapping[str, Any]) -> CaughtError:
    """Reads `Error` and `Cause`.

    The cause of a function's error is Lambda's JSON. Its message is also JSON if jobs were started
    (responses/direct.py). The cause of any other error is a text, or is missing.
    """
    cause = str(error.get("Cause") or "")
    text = str(_object(cause).get("errorMessage", cause))
    content = _object(text)
    job_ids = content.get("job_ids")
    return CaughtError(
        code=str(error.get("Error") or ""),
        message=str(content.get("message", text)),
        job_ids=tuple(
            job_id
            for job_id in (job_ids if isinstance(job_ids, list) else ())
            if isinstance(job_id, str) and RESOURCE_ID.fullmatch(job_id)
        ),
    )


def _object(text: str) -> dict[str, Any]:
    """The JSON object of a text. Any other text is taken as an empty one."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
