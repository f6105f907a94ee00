"""The answer to a workflow that sent a request with a task token and waits."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.errors import error_code
from contact_deletion.notifications.outcome_events import OutcomeEvent
from contact_deletion.observability import QueueTelemetry

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NO_WAITING_TASK = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""The workflow's task has timed out or was answered before, or the token never was one."""

_MAX_CAUSE = 32_768
"""Characters (SendTaskFailure)."""


class TaskTokens:
    def __init__(
        self, client: Callable[[], "SFNClient"], telemetry: QueueTelemetry, threads: Executor
    ) -> None:
        """Few requests have a token, so the client is made for the first that has."""
        self._client = client
        self._telemetry = telemetry
        self._threads = threads

    def answer(self, outcome_events: Sequence[OutcomeEvent]) -> list[tuple[OutcomeEvent, str]]:
        """Tells whoever waits; gives back the outcome_events for which that has to be tried again, each with why."""
        waited_for = [(one, one.task_token) for one in outcome_events if one.task_token]
        if not waited_for:
            return []
        client = self._client()
        reasons = self._threads.map(lambda waiting: self._tell(client, *waiting), waited_for)
        return [(one, reason) for (one, _), reason in zip(waited_for, reasons, strict=True) if reason]

    def _tell(self, client: "SFNClient", event: OutcomeEvent, token: str) -> str | None:
        try:
            if event.detail["code"] is None:
                client.send_task_success(taskToken=token, output=json.dumps(event.detail))
            else:
                client.send_task_failure(taskToken=token, error=event.detail["code"], cause=_cause(event))
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code not in NO_WAITING_TASK:
                return code
            self._telemetry.no_waiting_task(event.detail["request_id"], code)
        return None


def _cause(event: OutcomeEvent) -> str:
    cause = json.dumps(event.detail)
    return cause if len(cause) <= _MAX_CAUSE else str(event.detail["message"])
