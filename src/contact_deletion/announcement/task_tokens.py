"""The answer to a workflow that sent a request with a task token and waits."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.announcement.conclusion import Conclusion
from contact_deletion.aws_errors import error_code
from contact_deletion.telemetry import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NOBODY_WAITS = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""The workflow's task has timed out or was answered before, or the token never was one."""

_MAX_CAUSE = 32_768
"""Characters (SendTaskFailure)."""


class TaskTokens:
    def __init__(self, client: "SFNClient", telemetry: Telemetry) -> None:
        self._client = client
        self._telemetry = telemetry

    def answer(self, conclusion: Conclusion) -> str | None:
        """Tells whoever waits for this conclusion; says why where that has to be tried again."""
        token = conclusion.task_token
        if token is None:
            return None
        try:
            if conclusion.detail["code"] is None:
                self._client.send_task_success(taskToken=token, output=json.dumps(conclusion.detail))
            else:
                self._client.send_task_failure(
                    taskToken=token, error=conclusion.detail["code"], cause=_cause(conclusion)
                )
        except (ClientError, BotoCoreError) as error:
            code = error_code(error)
            if code not in NOBODY_WAITS:
                return code
            self._telemetry.nobody_waits(conclusion.detail["request_id"], code)
        return None


def _cause(conclusion: Conclusion) -> str:
    cause = json.dumps(conclusion.detail)
    return cause if len(cause) <= _MAX_CAUSE else str(conclusion.detail["message"])
