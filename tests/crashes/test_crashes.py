"""Whichever call is interrupted, in whichever way: nothing is lost, and nothing is deleted that was not requested."""

from collections.abc import Iterable
from functools import cache

import pytest

from tests.crashes.batches import BATCHES
from tests.crashes.calls import Way
from tests.crashes.invariants import violations
from tests.crashes.run import Run, run

# Calls that may have taken effect when their response is lost; to read twice does nothing.
_WRITES = {
    *(
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "SendMessageBatch",
        "ChangeMessageVisibilityBatch",
    ),
    *("PutEvents", "SendTaskSuccess", "SendTaskFailure"),
}

# Reads, whose lost response is the same as a call that fails.
_READS = {"GET", "POST", "GetQueueUrl", "GetSecretValue", "BatchGetItem"}


def _is_aws_write(name: str) -> bool:
    return name.split()[1] in _WRITES


def _may_take_effect(name: str) -> bool:
    return name.split()[1] not in _READS


# Unless every call is to be interrupted in every way. Three ways reach each call that may take effect.
_ONE_IN = 3

each_batch = pytest.mark.parametrize("operation", BATCHES)


@cache
def undisturbed(operation: str) -> Run:
    return run(BATCHES[operation])


@each_batch
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name.lower())
def test_every_call_may_be_interrupted(operation: str, way: Way, request: pytest.FixtureRequest) -> None:
    """`make crashes` tries all, `make test` a third."""
    names = undisturbed(operation).names
    tried = {Way.REPEATED: _is_aws_write, Way.RESPONSE_LOST: _may_take_effect}.get(way, lambda _: True)
    calls = [at for at, name in enumerate(names, 1) if tried(name)]
    if not request.config.getoption("every_call"):
        calls = [at for at in calls if at % _ONE_IN == [*Way].index(way) % _ONE_IN]
    wrong = _wrong(operation, way, calls)
    print(f"{operation}: {len(calls)} calls were interrupted so that {way}")
    assert wrong == []


def _deletions(of: Run) -> list[tuple[bool, list[str]]]:
    return [(deletion.everything, sorted(deletion.contact_ids)) for deletion in of.deletions]


def _wrong(operation: str, way: Way, calls: Iterable[int]) -> list[str]:
    names = undisturbed(operation).names
    wrong = []
    for at in calls:
        interrupted = run(BATCHES[operation], at, way)
        assert interrupted.names[:at] == names[:at], (
            "the same calls in the same order, up to the interruption"
        )
        found = violations(interrupted)
        if way is Way.REPEATED and _deletions(interrupted) != _deletions(undisturbed(operation)):
            found.append("other deletions were sent")
        wrong += [f"call {at} of {len(names)}, {names[at - 1]}: {each}" for each in found]
    return wrong


@each_batch
def test_without_an_interruption_nothing_is_wrong(operation: str) -> None:
    assert violations(undisturbed(operation)) == []


def test_every_service_is_among_the_calls() -> None:
    names = [name for operation in BATCHES for name in undisturbed(operation).names]
    assert {name.split()[0] for name in names} == {
        *("sendgrid", "dynamodb", "sqs", "secrets-manager", "eventbridge", "sfn")
    }
    assert len(names) * len(Way) >= 200, "points that are tried"
