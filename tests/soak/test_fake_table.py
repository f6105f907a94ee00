"""The fake of DynamoDB, which the other tests believe, does with the ledger's calls what moto does."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyValidationError,
)

from contact_deletion.errors import RequestInProgress
from contact_deletion.ledger.layer import Layers, payload_of
from contact_deletion.request.delete_all import DeleteAll
from tests.soak.aws import Cloud
from tests.soak.chance import Chance
from tests.soak.secrets import Secrets
from tests.soak.time import Time
from tests.soak.wire import Invocation, Wire
from tests.support.world import TABLE, World

REFUSALS = (IdempotencyItemAlreadyExistsError, IdempotencyValidationError, RequestInProgress)


def _request(name: str, most: int) -> DeleteAll:
    return DeleteAll(name, "phrase", datetime(2026, 11, 22, tzinfo=UTC), most)


def _attributes(record: object) -> dict[str, Any] | None:
    return vars(record) if record else None


def _ledger(client: Any) -> Callable[[str, DeleteAll], Any]:
    """Does one of the ledger's steps, and tells what came of it."""
    layers = Layers(client, TABLE, "delete_all", lambda _: None)

    def does(step: str, request: DeleteAll) -> Any:
        layer, payload = layers.of(request), payload_of(request)
        key, payload_hash = layer.identify(payload)
        known = '{"a": 1}'
        steps: dict[str, Callable[[], Any]] = {
            "claim": lambda: layer.save_inprogress(payload, 120_000),
            "mark": lambda: layer.mark_as_sending(payload, {"sender_ends_at": 5}),
            "record": lambda: layer.save_success(payload, {"job_ids": []}),
            "release": lambda: layer.delete_record(payload, ValueError()),
            "write": lambda: layer.write_batch([layer.record(key, payload_hash, "INPROGRESS", {"a": 1})]),
            "continue": lambda: _attributes(
                layer.put_unfinished(key, payload_hash, {"a": 2}, in_place_of=known)
            ),
            "read": lambda: [vars(record) for record in layer.read_batch([key, f"{key}-of-nothing"])],
        }
        try:
            return steps[step]()
        except REFUSALS as refusal:
            found = getattr(refusal, "old_data_record", None)
            return type(refusal), vars(found) if found else None

    return does


@pytest.mark.parametrize("seed", range(3))
def test_the_fake_table_is_like_moto_s(world: World, seed: int) -> None:
    time, chance, draw = Time(), Chance(seed), random.Random(seed)
    chance.severity = 0.0
    wire = Wire(chance, Time())
    wire.running.append(Invocation("any", float("inf"), ()))
    cloud = Cloud(wire, Secrets())
    fake, moto = _ledger(cloud.client("dynamodb")), _ledger(world.platform.dynamodb)
    with time.of_powertools():
        for number in range(60):
            step = draw.choice(
                ["claim", "claim", "claim", "mark", "record", "release", "write", "continue", "read"]
            )
            request = _request(draw.choice(["a", "b"]), draw.choice([1, 1, 1, 2]))
            assert fake(step, request) == moto(step, request), f"seed {seed}, step {number}: {step}"
            stored = {item["id"]["S"]: item for item in world.ledger()}
            assert cloud.table.items == stored, f"seed {seed}, after step {number}: {step}"
            time.pass_by(draw.choice([0, 1, 130, 16 * 24 * 3600]))
