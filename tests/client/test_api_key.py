"""The key, from its secret to the call, and its rotation."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from contact_deletion.deadline import Deadline
from contact_deletion.errors import SendGridUnauthorized
from contact_deletion.sendgrid.rate_limit import MAX_CALLS_AT_ONCE
from local.sendgrid_double import Fault
from tests.client.support import OPERATIONS, Known, WholeClient, with_each
from tests.support.events import contact_id
from tests.support.world import API_KEY, World

NewClient = Callable[[], WholeClient]


@pytest.fixture
def fetches(world: World) -> Iterator[list[None]]:
    """One entry for each time that the secret was read."""
    made: list[None] = []

    def count(**_: object) -> None:
        made.append(None)

    events = world.runtime.secrets_manager.meta.events
    events.register("before-call.secrets-manager.GetSecretValue", count)
    yield made
    events.unregister("before-call.secrets-manager.GetSecretValue", count)


def fill_secret(world: World, value: str | bytes) -> None:
    if isinstance(value, str):
        world.runtime.secrets_manager.put_secret_value(SecretId=world.secret_arn, SecretString=value)
    else:
        world.runtime.secrets_manager.put_secret_value(SecretId=world.secret_arn, SecretBinary=value)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(API_KEY, id="plain"),
        pytest.param(f" {API_KEY}\r\n", id="plain with white space around"),
        pytest.param(f'{{"api_key": "{API_KEY}"}}', id="JSON"),
        pytest.param(f"\ufeff{API_KEY}", id="a byte order mark before it"),
        pytest.param(f"{API_KEY}\u200b", id="a zero-width space after it"),
        pytest.param(f'"{API_KEY}"\n', id="in double quotes"),
        pytest.param(f"'{API_KEY}'", id="in single quotes"),
        pytest.param(f"\u201c{API_KEY}\u201d", id="in a word processor's quotes"),
        pytest.param(f"SENDGRID_API_KEY={API_KEY}", id="an assignment"),
        pytest.param(f"export SENDGRID_API_KEY='{API_KEY}';\n", id="an exported assignment"),
        pytest.param(f'set SENDGRID_API_KEY = "{API_KEY}"', id="an assignment with spaces"),
        pytest.param(f'$env:SENDGRID_API_KEY = "{API_KEY}"', id="PowerShell's assignment"),
        pytest.param(f"api_key: {API_KEY}", id="YAML"),
        pytest.param(f"Bearer {API_KEY}", id="with its scheme"),
        pytest.param(f"Authorization: Bearer {API_KEY}", id="a header"),
        pytest.param(f'{{"api_key": "Bearer {API_KEY}"}}', id="JSON with the scheme"),
        pytest.param(f'\ufeff{{"api_key": "{API_KEY}"}}', id="JSON after a byte order mark"),
        pytest.param(f'\n{{\n  "other": 1,\n  "api_key": "{API_KEY}\\n"\n}}\n', id="JSON with more in it"),
    ],
)
def test_the_secret_is_the_key_or_json_that_has_it(
    world: World, new_client: NewClient, deadline: Deadline, secret: str
) -> None:
    fill_secret(world, secret)
    assert new_client().contact_count(deadline) == 0


def test_a_secret_that_is_filled_late_is_used_at_once(
    world: World, new_client: NewClient, deadline: Deadline
) -> None:
    fill_secret(world, "to be filled")
    client = new_client()
    with pytest.raises(SendGridUnauthorized):
        client.contact_count(deadline)

    fill_secret(world, API_KEY)

    assert client.contact_count(deadline) == 0


@pytest.mark.parametrize(
    ("secret", "cause"),
    [
        pytest.param(" ", "it is empty", id="blank"),
        pytest.param("\ufeff", "it is empty", id="a byte order mark alone"),
        pytest.param('""', "it is empty", id="quotes alone"),
        pytest.param("SENDGRID_API_KEY=", "it is empty", id="an assignment of nothing"),
        pytest.param("{}", "JSON without a field api_key", id="JSON without api_key"),
        pytest.param('{"apikey": "SG.planted"}', "JSON without a field api_key", id="JSON with another name"),
        pytest.param(
            '{"SENDGRID_API_KEY": "SG.planted"}', "JSON without a field api_key", id="the console's name"
        ),
        pytest.param('{"api_key": ""}', "it is empty", id="JSON with an empty key"),
        pytest.param('{"api_key": null}', "api_key is not text", id="JSON with null"),
        pytest.param('{"api_key": {"value": "SG.planted"}}', "api_key is not text", id="JSON with an object"),
        pytest.param('{"api_key": "SG.planted"', "looks like JSON", id="broken JSON"),
        pytest.param("{'api_key': 'SG.planted'}", "looks like JSON", id="Python's quotes"),
        pytest.param('{"api_key":' * 20_000, "looks like JSON", id="JSON nested beyond the stack"),
        pytest.param('["SG.planted"]', "a character that no key has", id="a list"),
        pytest.param("SG.planted\nX-Injected: 1", "white space inside", id="a newline inside"),
        pytest.param(
            '{"api_key": "SG.planted\\r\\nX-Injected: 1"}',
            "white space inside",
            id="JSON with a newline inside",
        ),
        pytest.param("SG planted", "white space inside", id="a space inside"),
        pytest.param("SG.planted # of the team", "white space inside", id="a comment"),
        pytest.param("SG.plantéd", "a character that no key has", id="not ASCII"),
        pytest.param("S\0G\0.\0planted", "a character that no key has", id="UTF-16"),
        pytest.param("<SG.planted>", "a character that no key has", id="angle brackets"),
        pytest.param(b"SG.planted", "it is binary", id="binary"),
    ],
)
def test_a_secret_without_a_usable_key_is_unauthorized_without_a_call(
    world: World, new_client: NewClient, deadline: Deadline, secret: str | bytes, cause: str
) -> None:
    fill_secret(world, secret)
    with pytest.raises(SendGridUnauthorized, match=f"the API key's secret must be .*: .*{cause}") as raised:
        new_client().contact_count(deadline)
    assert "plant" not in raised.value.message
    assert raised.value.__cause__ is None
    assert world.double.requests == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_missing_secret_is_unauthorized_whatever_is_called(
    world: World, client: WholeClient, known: Known, deadline: Deadline, name: str
) -> None:
    world.runtime.secrets_manager.delete_secret(SecretId=world.secret_arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(
        SendGridUnauthorized, match=r"secret cannot be read \(ResourceNotFoundException\)"
    ) as raised:
        OPERATIONS[name](client, known, deadline)
    assert world.secret_arn not in raised.value.message


def test_the_secret_is_read_once_for_many_calls(
    client: WholeClient, known: Known, deadline: Deadline, fetches: list[None]
) -> None:
    for call in OPERATIONS.values():
        call(client, known, deadline)
    assert len(fetches) == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_rotated_key_costs_one_call_and_one_fetch(
    world: World, client: WholeClient, known: Known, deadline: Deadline, fetches: list[None], name: str
) -> None:
    client.contact_count(deadline)
    world.rotate_key("SG.rotated")
    OPERATIONS[name](client, known, deadline)
    assert [request.status for request in world.double.requests[1:]] in ([401, 200], [401, 202])
    assert len(fetches) == 2
    client.contact_count(deadline)
    assert world.double.requests[-1].status == 200
    assert len(fetches) == 2


@pytest.mark.parametrize(("name", "status"), with_each(403, 451))
def test_key_replaced_for_a_scope_or_a_region_is_used_at_once(
    world: World,
    client: WholeClient,
    known: Known,
    deadline: Deadline,
    fetches: list[None],
    name: str,
    status: int,
) -> None:
    client.contact_count(deadline)
    world.rotate_key("SG.with-more-scopes")
    world.double.faults.add(Fault(status=status))
    OPERATIONS[name](client, known, deadline)
    assert [request.status for request in world.double.requests[1:]] in ([status, 200], [status, 202])
    assert len(fetches) == 2


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_renewed_key_that_is_refused_too_is_the_end(
    world: World, client: WholeClient, known: Known, deadline: Deadline, name: str
) -> None:
    client.contact_count(deadline)
    world.rotate_key("SG.renewed")
    world.double.api_keys = {"SG.of-nobody"}
    with pytest.raises(SendGridUnauthorized, match="HTTP 401") as raised:
        OPERATIONS[name](client, known, deadline)
    assert "SG." not in raised.value.message
    assert [request.status for request in world.double.requests[1:]] == [401, 401]


def test_a_refused_key_that_is_still_the_newest_is_not_tried_again(
    world: World, client: WholeClient, deadline: Deadline, fetches: list[None]
) -> None:
    world.double.api_keys = {"SG.of-nobody"}
    with pytest.raises(SendGridUnauthorized, match="HTTP 401"):
        client.contact_count(deadline)
    assert len(world.double.requests) == 1
    assert len(fetches) == 2


def test_calls_that_are_refused_together_fetch_the_rotated_key_once(
    world: World, client: WholeClient, deadline: Deadline, fetches: list[None]
) -> None:
    client.contact_count(deadline)
    world.rotate_key("SG.rotated")
    together = Barrier(MAX_CALLS_AT_ONCE, timeout=120)

    def meet(response: requests.Response, **_: object) -> None:
        if response.status_code == 401:
            together.wait()

    world.runtime.session.hooks["response"].append(meet)
    with ThreadPoolExecutor(MAX_CALLS_AT_ONCE) as pool:
        ids = [[contact_id(number)] for number in range(MAX_CALLS_AT_ONCE)]
        jobs = list(pool.map(client.delete_contacts, ids))
    assert len(set(jobs)) == MAX_CALLS_AT_ONCE
    assert len(fetches) == 2


@pytest.mark.parametrize("name", OPERATIONS)
def test_forbidden_is_unauthorized_without_a_second_try(
    world: World, client: WholeClient, known: Known, deadline: Deadline, fetches: list[None], name: str
) -> None:
    world.double.forbidden = True
    with pytest.raises(SendGridUnauthorized, match="HTTP 403: access forbidden"):
        OPERATIONS[name](client, known, deadline)
    assert len(world.double.requests) == 1
    assert len(fetches) == 2
