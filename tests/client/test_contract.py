"""Client and double keep to the contract with SendGrid, in every operation and with every kind of answer."""

from contextlib import suppress
from typing import Any

import pytest

from contact_deletion.errors import NotAccepted, SendGridRefused
from contact_deletion.requests.identifiers import IdentifierType
from local.sendgrid_double import Fault, RateLimit
from tests.client.support import LOOK_UPS, OPERATIONS, Api, ContractAdapter
from tests.support.world import World


@pytest.fixture
def adapter(world: World) -> ContractAdapter:
    adapter = ContractAdapter()
    world.runtime.session.mount("http://", adapter)
    return adapter


each_operation = pytest.mark.parametrize("name", OPERATIONS)


@each_operation
@pytest.mark.parametrize(("on_behalf_of", "reset"), [("", "epoch"), ("subuser", "seconds")])
def test_what_works_keeps_to_the_contract(
    world: World, adapter: ContractAdapter, name: str, on_behalf_of: str, reset: Any
) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=600, window_seconds=60, reset=reset))
    world.change_settings(on_behalf_of=on_behalf_of)
    Api(world).call(name)
    assert adapter.statuses == [200 if name in LOOK_UPS else 202]


@each_operation
@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 429, 451, 500, 502, 503, 504])
def test_what_fails_keeps_to_the_contract(
    world: World, adapter: ContractAdapter, api: Api, name: str, status: int
) -> None:
    world.double.faults.add(Fault(status=status))
    with suppress(NotAccepted):
        api.call(name)
    assert adapter.statuses[0] == status


@pytest.mark.parametrize("kind", IdentifierType)
def test_identifiers_of_all_types_keep_to_the_contract(
    world: World, adapter: ContractAdapter, api: Api, kind: IdentifierType
) -> None:
    contact = world.new_contact(
        email="a@example.com", phone_number_id="+15555550100", external_id="ü", anonymous_id="x"
    )
    api.client.delete_identifier(contact, kind, "x", api.deadline)
    assert adapter.statuses == [202]


@pytest.mark.parametrize(("count", "status"), [(204, 202), (300, 414)])
def test_many_ids_and_too_many_keep_to_the_contract(
    adapter: ContractAdapter, api: Api, count: int, status: int
) -> None:
    with suppress(SendGridRefused):
        api.delete_contacts(count)
    assert adapter.statuses == [status]
