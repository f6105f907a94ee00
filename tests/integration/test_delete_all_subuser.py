"""Deletion of all contacts of a subuser, which must never become that of its parent's."""

from typing import Any

import pytest

from contact_deletion.errors import DeleteAllRefused, SendGridUnavailable
from local.sendgrid_double import Account, Fault
from tests.support.events import contact_id, delete_all
from tests.support.world import World


@pytest.fixture
def subuser(world: World) -> Account:
    world.clock.advance(-world.clock() % 1)
    world.change_settings(on_behalf_of="subuser")
    return world.double.add_subuser("subuser")


def add_contacts(account: Account, count: int) -> None:
    for _ in range(count):
        account.add_contact(external_id="x")


def refused(world: World, reason: str | None = None) -> None:
    """The delete-all is refused, and nothing is deleted."""
    with pytest.raises(DeleteAllRefused, match=reason):
        world.delete_all(request(world))

    assert world.deletions() == []


def request(world: World) -> dict[str, Any]:
    return delete_all(world.now())


# The third case has more contacts than a sample, the fourth contacts in equal number by chance.
@pytest.mark.parametrize(("own", "parents"), [(3, 5), (3, 0), (120, 130), (4, 4), (0, 3)])
def test_every_contact_of_the_subuser_is_deleted_and_none_of_its_parent(
    world: World, subuser: Account, own: int, parents: int
) -> None:
    add_contacts(subuser, own)
    add_contacts(world.double.account, parents)

    response = world.delete_all(request(world))

    assert (response["status"], response["contact_count"]) == ("accepted", own)
    world.jobs_end()
    assert (len(subuser), len(world.double.account)) == (0, parents)


@pytest.mark.parametrize("parents", [0, 3, 120])
def test_it_is_refused_where_parent_answers_for_subuser(world: World, subuser: Account, parents: int) -> None:
    """The double without subusers ignores the header."""
    world.double.subusers.clear()
    add_contacts(world.double.account, parents)
    refused(world, "SENDGRID_ON_BEHALF_OF")


def test_it_is_refused_where_neither_account_has_contacts(world: World, subuser: Account) -> None:
    refused(world, "or none")


def test_it_is_refused_where_parent_gets_contacts_between_two_looks(world: World, subuser: Account) -> None:
    """Counts that differ, and samples that differ, are those of one account at two moments."""
    world.double.subusers.clear()
    account = world.double.account
    add_contacts(account, 1)
    world.double.sleep = lambda _: add_contacts(account, 60)
    world.double.faults.add(Fault(route="/v3/marketing/contacts", times=2, delay_seconds=1))
    world.double.faults.add(Fault(route="*/batch", times=4, delay_seconds=1))

    refused(world)


def test_it_is_refused_where_samples_contacts_are_on_their_way_out(world: World, subuser: Account) -> None:
    """A deletion of the parent's contacts ends between two looks."""
    world.double.subusers.clear()
    account = world.double.account
    add_contacts(account, 3)
    account.delete_contacts(list(account.contact_ids()))
    world.clock.advance(15)
    world.double.faults.add(Fault(route="/v3/marketing/contacts", delay_seconds=20))

    refused(world)


def test_it_is_refused_where_the_second_look_misses_a_contact(world: World, subuser: Account) -> None:
    """So the first may have missed others."""
    add_contacts(subuser, 2)
    found = {"result": [{"id": next(iter(subuser.contact_ids()))}]}
    world.double.faults.add(Fault(route="*/batch"))
    world.double.faults.add(Fault(route="*/batch", status=200, body=found))

    refused(world)


def test_look_up_that_fails_proves_nothing(world: World, subuser: Account) -> None:
    add_contacts(subuser, 3)
    world.double.faults.add(Fault(route="*/batch", status=404, body="<html></html>"))

    with pytest.raises(SendGridUnavailable):
        world.delete_all(request(world))

    assert world.deletions() == []
    assert world.delete_all(request(world))["status"] == "accepted"


def test_account_itself_needs_no_proof(world: World) -> None:
    world.clock.advance(-world.clock() % 1)
    world.new_contact()
    world.delete_all(request(world))
    assert [call.method for call in world.double.requests] == ["GET", "DELETE"]


def test_deletion_by_ids_needs_no_proof(world: World, subuser: Account) -> None:
    world.bulk_delete({"contact_ids": [contact_id(1)]})
    assert [call.method for call in world.double.requests] == ["DELETE"]
