"""The result of one batch of a list, as the workflow stores it in a file."""

import json
from dataclasses import dataclass
from itertools import chain
from typing import Any

from contact_deletion.errors import ListResultUnreadable
from contact_deletion.requests import caught_error
from contact_deletion.requests.validation import MAX_SAFE_INTEGER, is_non_negative_int

STATUSES = ("completed", "failed", "not_accepted", "unknown")


@dataclass(frozen=True)
class BatchResult:
    """The result of a batch. `code` is that of its failure, if it failed.

    `deleted_count` is the number of contacts that SendGrid's jobs report as deleted, or None where a job reports no
    number. `content` is the whole file, with the messages and jobs of the errors in place of the errors.
    """

    contact_count: int
    status: str
    code: str | None
    remaining_contacts: int
    deleted_count: int | None
    content: dict[str, Any]

    def ends(self) -> dict[str, int]:
        """The number of contacts by how they ended. The numbers add up to the contacts of the batch.

        A contact that is gone and that no job counts as deleted was gone already. Where a job reports no number, all
        that are gone count as deleted.
        """
        if self.status == "not_accepted":
            return {"not_attempted": self.contact_count}
        if self.status == "unknown":
            return {"unknown": self.contact_count}
        remaining = max(0, min(self.remaining_contacts, self.contact_count))
        gone = self.contact_count - remaining
        deleted = gone if self.deleted_count is None else min(self.deleted_count, gone)
        return {"deleted": deleted, "already_gone": gone - deleted, "remaining": remaining}


def read(key: str, body: bytes) -> BatchResult:
    """Reads the result from the file with this key. Raises ListResultUnreadable where it contains no result."""
    content = _parsed(body)
    match content:
        case {"contact_count": int(contact_count), "result": {"status": str(status)} as result} if (
            status in STATUSES and max(contact_count, _remaining(result)) <= MAX_SAFE_INTEGER
        ):
            content["result"] = _with_messages(result)
            return BatchResult(
                contact_count, status, _code(result), _remaining(result), _deleted(result), content
            )
    raise ListResultUnreadable(f"{key} does not contain the result of a batch")


def _parsed(body: bytes) -> Any:
    """Step Functions' S3 task may write an object as JSON, or as a JSON string that contains it."""
    try:
        content = json.loads(body)
        return json.loads(content) if isinstance(content, str) else content
    except (ValueError, RecursionError):
        return None


def _with_messages(result: dict[str, Any]) -> dict[str, Any]:
    """The result with the messages and the jobs of its `errors` in place of the errors."""
    caught = result.pop("errors", None)
    if not isinstance(caught, list):
        return result
    errors = [caught_error.read(error) for error in caught if isinstance(error, dict)]
    job_ids = [_strings(result.get("job_ids")), *(error.job_ids for error in errors)]
    return result | {
        "message": "; ".join(error.message for error in errors),
        "job_ids": list(dict.fromkeys(chain.from_iterable(job_ids))),
    }


def _strings(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _code(result: dict[str, Any]) -> str | None:
    code = result.get("code")
    return code if isinstance(code, str) else None


def _remaining(result: dict[str, Any]) -> int:
    match result.get("remaining_contacts"):
        case {"count": int(count)}:
            return count
    return 0


def _deleted(result: dict[str, Any]) -> int | None:
    jobs = result.get("jobs")
    if not isinstance(jobs, list):
        return None
    reported = [job.get("deleted_count") if isinstance(job, dict) else None for job in jobs]
    counts = [count for count in reported if is_non_negative_int(count)]
    return sum(counts) if len(counts) == len(reported) else None
