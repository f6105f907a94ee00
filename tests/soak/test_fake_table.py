"""The fake of DynamoDB, which the other tests believe, does with the ledger's calls what moto does."""

import itertools
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from contact_deletion.deadline import Deadline
from contact_deletion.errors import LedgerUnavailable, RequestConflict, RequestInProgress
from contact_deletion.ledger.claim import Claim
from contact_deletion.ledger.layer import Layers, payload_of
from contact_deletion.request.delete_all import DeleteAll
from tests.soak.aws import Cloud
from tests.soak.chance import Chance
from tests.soak.secrets import Secrets
from tests.soak.time import Time
from tests.soak.wire import Invocation, Wire
from tests.support.world import TABLE, World

REFUSALS = (LedgerUnavailable, RequestConflict, RequestInProgress)


def _request(name: str, most: int) -> DeleteAll:
    return DeleteAll(name, "phrase", datetime(2026, 11, 22, tzinfo=UTC), most)


def _attributes(record: object) -> dict[str, Any] | None:
    return vars(record) if record else None


def _ledger(client: Any, time: Time) -> Callable[[str, DeleteAll], Any]:
    """Does one of the ledger's steps, and tells what came of it."""
    layers = Layers(client, TABLE, "delete_all", lambda _: None, time)
    claims: dict[str, Claim] = {}

    def claim(request: DeleteAll) -> Any:
        taken = Claim(layers, request, Deadline(time() + 120, time))
        standing = taken.take()
        if standing is not None:
            return vars(standing.record), standing.completed
        claims[request.request_id] = taken
        return taken.sent_at

    def does(step: str, request: DeleteAll) -> Any:
        layer = layers.of(request)
        key, payload_hash = layer.identify(payload_of(request))
        record = layer.record(key, payload_hash, "INPROGRESS", {"a": 1})
        if step in ("mark", "record", "release", "send") and request.request_id not in claims:
            return "not claimed yet"
        try:
            match step:
                case "claim":
                    return claim(request)
                case "mark":
                    claims[request.request_id].make_permanent()
                case "record":
                    claims[request.request_id].record({"job_ids": []})
                case "send":
                    claims[request.request_id].may_have_taken_effect()
                case "release":
                    claims[request.request_id].release()
                case "write":
                    layer.write_batch([record])
                case "continue":
                    return _attributes(
                        layer.put_unfinished(key, payload_hash, {"a": 2}, in_place_of='{"a": 1}')
                    )
                case "read":
                    return [vars(found) for found in layer.read_batch([key, f"{key}-of-nothing"])]
        except REFUSALS as refusal:
            return type(refusal)
        return None

    return does


@contextmanager
def _same_claim_ids() -> Iterator[None]:
    """Of the fake and of moto: each id is drawn twice."""
    ids = (uuid.UUID(int=number // 2) for number in itertools.count())
    with patch("contact_deletion.ledger.claim.uuid", SimpleNamespace(uuid4=lambda: next(ids))):
        yield


@pytest.mark.parametrize("seed", range(3))
def test_the_fake_table_is_like_moto_s(world: World, seed: int) -> None:
    time, chance, draw = Time(), Chance(seed), random.Random(seed)
    chance.severity = 0.0
    wire = Wire(chance, Time())
    wire.running.append(Invocation("any", float("inf"), ()))
    cloud = Cloud(wire, Secrets())
    fake, moto = _ledger(cloud.client("dynamodb"), time), _ledger(world.platform.dynamodb, time)
    with time.of_powertools(), _same_claim_ids():
        for number in range(60):
            step = draw.choice(
                ["claim", "claim", "claim", "mark", "record", "release", "send", "write", "continue", "read"]
            )
            request = _request(draw.choice(["a", "b"]), draw.choice([1, 1, 1, 2]))
            assert fake(step, request) == moto(step, request), f"seed {seed}, step {number}: {step}"
            stored = {item["id"]["S"]: item for item in world.ledger()}
            assert cloud.table.items == stored, f"seed {seed}, after step {number}: {step}"
            time.pass_by(draw.choice([0, 1, 130, 16 * 24 * 3600]))
