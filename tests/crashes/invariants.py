"""What has to be true of a run, whatever was interrupted; each says what is wrong."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.crashes.batches import MAX_AGE, Sent
from tests.crashes.calls import Deletion, Way
from tests.crashes.run import Run


def violations(run: Run) -> list[str]:
    return [
        *_every_message_ends_once(run),
        *_the_end_is_true(run),
        *_dead_letters_are_the_rejected(run),
        *_workflows_are_notified(run),
        *_nothing_else_is_removed(run),
        *_a_delete_all_is_sent_once(run),
        *_no_job_is_lost(run),
        *_what_is_recorded_is_not_sent_again(run),
    ]


def _ends(run: Run, message_id: str) -> set[str]:
    return {_end(event) for event in run.events if event["message_id"] == message_id}


def _end(event: dict[str, Any]) -> str:
    return f"{event['kind']} {event['code'] or ''}".strip()


def _every_message_ends_once(run: Run) -> Iterator[str]:
    for message_id, message in run.sent.items():
        ends = _ends(run, message_id)
        if len(ends) != 1:
            yield f"a message that should end {message.end} has {len(ends)} ends: {sorted(ends)}"
        elif not ends <= {message.end} | (message.or_else if run.way not in (None, Way.REPEATED) else set()):
            yield f"a message that should end {message.end} ended {ends.pop()}"
    if strangers := {event["message_id"] for event in run.events} - run.sent.keys():
        yield f"events of messages that were not sent: {strangers}"


def _the_end_is_true(run: Run) -> Iterator[str]:
    for message_id, message in run.sent.items():
        ends = _ends(run, message_id)
        if "Completed" in ends and message.removes & run.after:
            yield f"completed, and still there: {sorted(message.removes & run.after)[:2]}"
        if "Failed DeletionFailed" in ends and not message.removes & run.after:
            yield "failed, and nothing of it is left"
        if "Rejected DeleteAllRefused" in ends and _delete_alls(run, message):
            yield "refused, and sent all the same"
        if (
            "Rejected DeleteAllUnconfirmed" in ends
            and run.way is Way.FAILS
            and not _delete_alls(run, message)
        ):
            yield "unconfirmed, although it surely was not sent"


def _dead_letters_are_the_rejected(run: Run) -> Iterator[str]:
    """A letter may be there twice, but for no other reason than its message's end."""
    letters = {(letter["body"], f"Rejected {letter.get('ErrorCode')}") for letter in run.dead_letters}
    rejected = {
        (message.body if isinstance(message.body, str) else json.dumps(message.body), end)
        for message_id, message in run.sent.items()
        for end in _ends(run, message_id)
        if end.startswith("Rejected")
    }
    if letters != rejected:
        yield f"dead letters {sorted(end for _, end in letters)} of rejected {sorted(end for _, end in rejected)}"


def _workflows_are_notified(run: Run) -> Iterator[str]:
    """Of each token only what became of a message that has it."""
    reported: dict[str, set[str | None]] = {}
    for response in run.task_responses:
        reported.setdefault(response["taskToken"], set()).add(response.get("error"))
    ended: dict[str, set[str | None]] = {}
    for message_id, message in run.sent.items():
        for token in _tokens(message):
            codes = {event["code"] for event in run.events if event["message_id"] == message_id}
            ended.setdefault(token, set()).update(codes)
    if reported != ended:
        yield f"workflows were notified of {reported}, and it ended {ended}"


def _tokens(message: Sent) -> list[str]:
    requests = [message.request, *message.request.get("requests", [])]
    return [request["task_token"] for request in requests if "task_token" in request]


def _nothing_else_is_removed(run: Run) -> Iterator[str]:
    asked_for = {
        part
        for message_id, message in run.sent.items()
        if not any(end.startswith("Rejected DeleteAllRefused") for end in _ends(run, message_id))
        for part in message.removes
    }
    if stolen := run.before - run.after - asked_for:
        yield f"removed without a request: {sorted(stolen)[:2]}"
    if run.batch.operation != "delete_all" and any(deletion.everything for deletion in run.deletions):
        yield "a delete-all was sent"


def _delete_alls(run: Run, message: Sent) -> list[Deletion]:
    """Those that were sent for a request of this id, and not answered with anything but a job."""
    return [
        deletion
        for deletion in run.deletions
        if deletion.everything
        and any(
            json.loads(body).get("request_id") == message.request.get("request_id")
            for body in deletion.bodies
        )
    ]


def _a_delete_all_is_sent_once(run: Run) -> Iterator[str]:
    sent: Counter[str] = Counter()
    allowed = {json.dumps(message.body) for message in run.sent.values() if message.end == "Completed"}
    for deletion in run.deletions:
        if deletion.everything:
            (body,) = deletion.bodies
            request = json.loads(body)
            sent[request["request_id"]] += 1
            if body not in allowed:
                yield f"a delete-all was sent that a guard refuses: {request['request_id']}"
            if (
                deletion.sent_at - datetime.fromisoformat(request["requested_at"]).timestamp()
                > MAX_AGE.total_seconds()
            ):
                yield f"a delete-all was sent too late: {request['request_id']}"
    for request_id, times in sent.items():
        if times > 1:
            yield f"the delete-all of {request_id} was sent {times} times"


def _no_job_is_lost(run: Run) -> Iterator[str]:
    """A job whose response was lost cannot be known."""
    for deletion in run.deletions:
        if deletion.job_id and deletion.job_id not in run.known_jobs and deletion.call != run.at:
            yield f"the job of call {deletion.call} is lost"


def _what_is_recorded_is_not_sent_again(run: Run) -> Iterator[str]:
    for deletion in run.deletions:
        done = [message for message in run.sent.values() if message.key in deletion.recorded]
        open_ids = {
            contact
            for message in run.sent.values()
            if message.key and message.key not in deletion.recorded
            for contact, _ in message.removes
        }
        again = {contact for message in done for contact, _ in message.removes} - open_ids
        if again & deletion.contact_ids or (
            deletion.everything and any(json.dumps(message.body) in deletion.bodies for message in done)
        ):
            yield f"call {deletion.call} sent again what was recorded"
