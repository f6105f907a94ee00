"""Responses to workflows that sent a request with a task token and wait."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.errors import error_code
from contact_deletion.notifications.outcome_events import OutcomeEvent
from contact_deletion.observability import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# The workflow's task has timed out or was answered before, or the token was never valid.
NO_WAITING_TASK = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})

# Characters (AWS docs: SendTaskFailure).
_MAX_CAUSE = 32_768


class TaskTokens:
    """Answers the tasks that wait for outcome events."""

    def __init__(self, client: Callable[[], "SFNClient"], telemetry: Telemetry, threads: Executor) -> None:
        """Few requests have a token, so the client is made for the first that has."""
        self._client = client
        self._telemetry = telemetry
        self._threads = threads

    def answer(self, events: Sequence[OutcomeEvent]) -> list[str | None]:
        """For each event, in their order, why its task could not be answered; None where it was or where none waits."""
        if not any(event.task_token for event in events):
            return [None] * len(events)
        client = self._client()  # boto3 makes no clients in several threads
        return list(self._threads.map(partial(self._answer, client), events))

    def _answer(self, client: "SFNClient", event: OutcomeEvent) -> str | None:
        if event.task_token is None:
            return None
        try:
            if event.detail["code"] is None:
                client.send_task_success(taskToken=event.task_token, output=json.dumps(event.detail))
            else:
                client.send_task_failure(
                    taskToken=event.task_token, error=event.detail["code"], cause=_cause(event)
                )
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code not in NO_WAITING_TASK:
                return code
            self._telemetry.no_waiting_task(event.detail["request_id"], code)
        return None


def _cause(event: OutcomeEvent) -> str:
    cause = json.dumps(event.detail)
    return cause if len(cause) <= _MAX_CAUSE else str(event.detail["message"])
