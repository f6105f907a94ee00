"""What becomes of requests and workflows, as lines for a person who watches."""

import json
import time
from collections.abc import Iterator
from typing import Any

from local.aws.names import arn
from local.aws.stack import EmbeddedStack
from local.log_tail import LogTail
from local.outcome_lines import of_each_request

SOURCE = "sendgrid-contact-deletion"
# For the user to read. Each event is received once.
OUTCOME_QUEUE = "OutcomeEvents"
_OWN_QUEUE = "ShownEvents"
_LONGEST_VISIBILITY_TIMEOUT = "43200"
# An outcome event follows those that ended; these are before it.
_LOGGED = {"request accepted": "accepted", "request deferred": "deferred"}


class OutcomeWatch:
    """A stack's outcome events, its log records of accepted and deferred requests, and the ends of its workflows.

    No line has personal data: events and logs have none. With `all_logs`, each line that a function prints is among
    them.
    """

    def __init__(self, stack: EmbeddedStack, *, all_logs: bool) -> None:
        self._stack = stack
        self._all_logs = all_logs
        self._logs = LogTail({name: function.log_directory for name, function in stack.functions.items()})
        self._ended_executions: set[str] = set()
        stack.events.put_rule(Name=SOURCE, EventPattern=json.dumps({"source": [SOURCE]}))
        for queue, attributes in (
            (OUTCOME_QUEUE, {"VisibilityTimeout": _LONGEST_VISIBILITY_TIMEOUT}),
            (_OWN_QUEUE, {}),
        ):
            url = stack.sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
            stack.events.put_targets(Rule=SOURCE, Targets=[{"Id": queue, "Arn": arn("sqs", queue)}])
        self._own_queue_url = url

    def new_lines(self) -> Iterator[str]:
        """What came since the last call, after waiting up to a second for an event. Raises what broke the stack."""
        self._stack.check()
        events = self._events()
        for function, line in self._logs.new_lines():
            if self._all_logs:
                yield f"{function}  {line}"
            yield from _of_log(line)
        yield from map(_of_event, events)
        yield from self._executions()

    def _events(self) -> list[dict[str, Any]]:
        messages = self._stack.sqs.receive_message(
            QueueUrl=self._own_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages", [])
        for message in messages:
            self._stack.sqs.delete_message(
                QueueUrl=self._own_queue_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return [json.loads(message["Body"]) for message in messages]

    def _executions(self) -> Iterator[str]:
        for machine in self._stack.state_machines:
            listed = self._stack.step_functions.list_executions(stateMachineArn=self._stack.ref(machine))
            for execution in listed["executions"]:
                if (
                    execution["status"] != "RUNNING"
                    and execution["executionArn"] not in self._ended_executions
                ):
                    self._ended_executions.add(execution["executionArn"])
                    workflow = machine.removesuffix("StateMachine")
                    yield _line(execution["status"].lower(), workflow, f"execution {execution['name']}")


def _of_event(event: dict[str, Any]) -> str:
    detail = event["detail"]
    what = event["detail-type"].rpartition(" ")[2].lower()
    return _line(
        what,
        detail["operation"],
        _request(detail),
        _contacts(detail["contact_count"]),
        _reason(detail, "message"),
    )


def _of_log(line: str) -> Iterator[str]:
    """A line for each request."""
    try:
        record = json.loads(line)
        what = _LOGGED[record["message"]]
    except (ValueError, KeyError, TypeError):
        return
    for outcome in of_each_request(record):
        yield _line(
            "replayed" if outcome.get("replayed") else what,
            outcome["operation"],
            _request(outcome),
            _contacts(outcome.get("contact_count")),
            _reason(outcome, "reason"),
        )


def _request(fields: dict[str, Any]) -> str:
    """A log record lacks what is null in an event."""
    if fields.get("request_id"):
        return f"request {fields['request_id']}"
    return f"message {fields['message_id']}" if fields.get("message_id") else ""


def _contacts(count: int | None) -> str:
    return "" if count is None else "1 contact" if count == 1 else f"{count:,} contacts"


def _reason(fields: dict[str, Any], key: str) -> str:
    return f"{fields['code']}: {fields[key]}" if fields.get("code") else ""


def _line(what: str, *parts: str) -> str:
    return f"{time.strftime('%H:%M:%S')}  {what:<9}  {', '.join(filter(None, parts))}"
