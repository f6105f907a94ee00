"""The policy of docs/smoke.md allows what the smoke test calls, and what it does not need it does not have."""

import json
import re
from pathlib import Path
from typing import Any

from local.aws.names import ACCOUNT_ID, REGION, STACK_NAME
from local.smoke.report import State
from tests.permissions.policy import Call, Policy, actions_of
from tests.smoke.caller import JudgedCalls
from tests.smoke.conftest import Smoke
from tests.support.deployment import ALARM_TOPIC_ARN

# Dead letters of other tests may be in the queues, whose visibility is then changed.
ONLY_AFTER_A_FAILURE = {"states:StopExecution", "sqs:ChangeMessageVisibility"}


def documented() -> list[dict[str, Any]]:
    """With the names that the embedded stack gives: the logical IDs alone."""
    page = (Path(__file__).parents[2] / "docs" / "smoke.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    named = (
        block.replace("REGION", REGION)
        .replace("ACCOUNT", ACCOUNT_ID)
        .replace("stack/STACK/", f"stack/{STACK_NAME}/")
        .replace("arn:aws:sns:us-east-1:123456789012:STACK-AlarmTopic-*", ALARM_TOPIC_ARN)
        .replace("STACK-", "")
    )
    named = re.sub(r"(Function|Queue|StateMachine)-\*", r"\1", named)
    statements: list[dict[str, Any]] = json.loads(named)["Statement"]
    return statements


def test_documented_policy_allows_what_is_called_and_no_more(smoke: Smoke) -> None:
    caller = JudgedCalls(smoke.session, Policy(documented()))

    assert smoke.run()

    assert caller.denied == []
    assert _unneeded(caller.allowed) <= ONLY_AFTER_A_FAILURE


def test_missing_permission_is_named_without_the_caller(smoke: Smoke) -> None:
    statements = [s for s in documented() if s["Sid"] not in ("SendMessages", "HaveATemporaryRule")]
    JudgedCalls(smoke.session, Policy(statements))

    assert not smoke.run()

    failed = smoke.in_state(State.FAILED)
    assert failed == {
        "Event bus: temporary rule and queue",
        *(name for name in smoke.checks if "invalid message" in name),
        "DeleteAllQueue: delete-all of 2000",
        "RemoveIdentifierQueue: unknown contact",
    }
    for name in failed:
        assert "not allowed to call" in smoke.checks[name].detail
        assert "docs/smoke.md" in smoke.checks[name].advice
        assert "jane" not in smoke.checks[name].detail
    assert smoke.checks["BulkDeleteQueue: unknown contact"].state is State.SKIPPED
    smoke.assert_nothing_is_left()


def test_dead_letters_that_may_not_be_received_fail_what_waits_for_them(smoke: Smoke) -> None:
    statements = [s for s in documented() if s["Sid"] != "FindAndRemoveItsDeadLetters"]
    JudgedCalls(smoke.session, Policy(statements))

    assert not smoke.run()

    for name in ("BulkDeleteQueue: invalid message", "DeleteAllQueue: delete-all of 2000", "Cleanup"):
        assert smoke.checks[name].detail.endswith("not allowed to call ReceiveMessage")
    smoke.assert_nothing_temporary_is_left()


def _unneeded(calls: list[Call]) -> set[str]:
    called = {call.action for call in calls}
    return {action for statement in documented() for action in actions_of(statement)} - called
