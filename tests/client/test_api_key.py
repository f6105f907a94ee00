"""The key, from its secret to the call, and its rotation."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

from contact_deletion.errors import SendGridUnauthorized
from contact_deletion.sendgrid.rate_limit import MAX_CALLS_AT_ONCE
from local.sendgrid_double import Fault
from tests.client.support import OPERATIONS, Api, with_each
from tests.support.dynamodb import on_event
from tests.support.events import contact_id
from tests.support.world import API_KEY, World

each_operation = pytest.mark.parametrize("name", OPERATIONS)


@pytest.fixture
def fetches(world: World) -> Iterator[list[None]]:
    """One entry for each time that the secret was read."""
    made: list[None] = []

    def count(**_: object) -> None:
        made.append(None)

    with on_event(world.runtime.secrets_manager, "before-call.secrets-manager.GetSecretValue", count):
        yield made


def fill_secret(world: World, value: str | bytes) -> None:
    content: Any = {"SecretString" if isinstance(value, str) else "SecretBinary": value}
    world.runtime.secrets_manager.put_secret_value(SecretId=world.secret_arn, **content)


def statuses(world: World) -> list[int | None]:
    return [request.status for request in world.double.requests]


@pytest.mark.parametrize(
    "secret",
    [
        *("KEY", " KEY\r\n", "\ufeffKEY", "KEY\u200b"),
        *('"KEY"\n', "'KEY'", "\u201cKEY\u201d"),
        *("SENDGRID_API_KEY=KEY", "export SENDGRID_API_KEY='KEY';\n", 'set SENDGRID_API_KEY = "KEY"'),
        *('$env:SENDGRID_API_KEY = "KEY"', "api_key: KEY", "Bearer KEY", "Authorization: Bearer KEY"),
        *('{"api_key": "KEY"}', '{"api_key": "Bearer KEY"}', '\ufeff{"api_key": "KEY"}'),
        '\n{\n  "other": 1,\n  "api_key": "KEY\\n"\n}\n',
    ],
    ids=repr,
)
def test_the_secret_is_the_key_or_json_that_has_it(world: World, api: Api, secret: str) -> None:
    fill_secret(world, secret.replace("KEY", API_KEY).replace(f"SENDGRID_API_{API_KEY}", "SENDGRID_API_KEY"))
    assert api.contact_count() == 1


def test_a_secret_that_is_filled_late_is_used_at_once(world: World, api: Api) -> None:
    fill_secret(world, "to be filled")
    with pytest.raises(SendGridUnauthorized):
        api.contact_count()
    fill_secret(world, API_KEY)
    assert api.contact_count() == 1


UNUSABLE: dict[str, list[str | bytes]] = {
    "it is empty": [" ", "\ufeff", '""', "SENDGRID_API_KEY=", '{"api_key": ""}'],
    "JSON without a field api_key": ["{}", '{"apikey": "SG.planted"}', '{"SENDGRID_API_KEY": "SG.planted"}'],
    "api_key is not text": ['{"api_key": null}', '{"api_key": {"value": "SG.planted"}}'],
    "looks like JSON": ['{"api_key": "SG.planted"', "{'api_key': 'SG.planted'}", '{"api_key":' * 20_000],
    "white space inside": [
        *("SG.planted\nX-Injected: 1", '{"api_key": "SG.planted\\r\\nX-Injected: 1"}'),
        *("SG planted", "SG.planted # of the team"),
    ],
    "a character that no key has": [
        *('["SG.planted"]', "SG.plantéd", "S\0G\0.\0planted", "<SG.planted>"),
    ],
    "it is binary": [b"SG.planted"],
}


@pytest.mark.parametrize(
    ("secret", "cause"),
    [(secret, cause) for cause, secrets in UNUSABLE.items() for secret in secrets],
    ids=lambda value: repr(value)[:40],
)
def test_a_secret_without_a_usable_key_is_unauthorized_without_a_call(
    world: World, api: Api, secret: str | bytes, cause: str
) -> None:
    fill_secret(world, secret)
    with pytest.raises(SendGridUnauthorized, match=f"the API key's secret must be .*: .*{cause}") as raised:
        api.contact_count()
    assert "plant" not in raised.value.message
    assert raised.value.__cause__ is None
    assert world.double.requests == []


@each_operation
def test_a_missing_secret_is_unauthorized_whatever_is_called(world: World, api: Api, name: str) -> None:
    world.runtime.secrets_manager.delete_secret(SecretId=world.secret_arn, ForceDeleteWithoutRecovery=True)
    expected = r"secret cannot be read \(ResourceNotFoundException\)"
    with pytest.raises(SendGridUnauthorized, match=expected) as raised:
        api.call(name)
    assert world.secret_arn not in raised.value.message


@each_operation
def test_a_rotated_key_costs_one_call_and_one_fetch(
    world: World, api: Api, fetches: list[None], name: str
) -> None:
    api.contact_count()
    world.rotate_key("SG.rotated")
    api.call(name)
    assert statuses(world)[1:] in ([401, 200], [401, 202])
    assert len(fetches) == 2
    for operation in OPERATIONS:
        api.call(operation)
    assert not {401, 403}.intersection(statuses(world)[3:])
    assert len(fetches) == 2, "the secret is read once for many calls"


@pytest.mark.parametrize(("name", "status"), with_each(403, 451))
def test_key_replaced_for_a_scope_or_a_region_is_used_at_once(
    world: World, api: Api, fetches: list[None], name: str, status: int
) -> None:
    api.contact_count()
    world.rotate_key("SG.with-more-scopes")
    world.double.faults.add(Fault(status=status))
    api.call(name)
    assert statuses(world)[1:] in ([status, 200], [status, 202])
    assert len(fetches) == 2


@each_operation
def test_a_renewed_key_that_is_refused_too_is_the_end(world: World, api: Api, name: str) -> None:
    api.contact_count()
    world.rotate_key("SG.renewed")
    world.double.api_keys = {"SG.of-nobody"}
    with pytest.raises(SendGridUnauthorized, match="HTTP 401") as raised:
        api.call(name)
    assert "SG." not in raised.value.message
    assert statuses(world)[1:] == [401, 401]


def test_a_refused_key_that_is_still_the_newest_is_not_tried_again(
    world: World, api: Api, fetches: list[None]
) -> None:
    world.double.api_keys = {"SG.of-nobody"}
    with pytest.raises(SendGridUnauthorized, match="HTTP 401"):
        api.contact_count()
    assert (len(world.double.requests), len(fetches)) == (1, 2)


def test_calls_that_are_refused_together_fetch_the_rotated_key_once(
    world: World, api: Api, fetches: list[None]
) -> None:
    api.contact_count()
    world.rotate_key("SG.rotated")
    together = Barrier(MAX_CALLS_AT_ONCE, timeout=120)

    def meet(response: requests.Response, **_: object) -> None:
        if response.status_code == 401:
            together.wait()

    world.runtime.session.hooks["response"].append(meet)
    with ThreadPoolExecutor(MAX_CALLS_AT_ONCE) as pool:
        ids = [[contact_id(number)] for number in range(MAX_CALLS_AT_ONCE)]
        jobs = list(pool.map(api.client.delete_contacts, ids))
    assert len(set(jobs)) == MAX_CALLS_AT_ONCE
    assert len(fetches) == 2


@each_operation
def test_forbidden_is_unauthorized_without_a_second_try(
    world: World, api: Api, fetches: list[None], name: str
) -> None:
    world.double.forbidden = True
    with pytest.raises(SendGridUnauthorized, match="HTTP 403: access forbidden"):
        api.call(name)
    assert (len(world.double.requests), len(fetches)) == (1, 2)
