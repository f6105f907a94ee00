import pytest

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, SendGridUnavailable
from contact_deletion.sendgrid.client import SendGridClient
from local.sendgrid_double import Fault
from tests.client.support import EMAIL
from tests.support.events import contact_id
from tests.support.world import World


def test_a_contact_is_as_sendgrid_has_it(client: SendGridClient, contact: str, deadline: Deadline) -> None:
    found = client.contact(contact, deadline)
    assert found["id"] == contact
    assert found["email"] == EMAIL
    assert found["external_id"] == "x"


def test_a_contact_that_sendgrid_does_not_have_is_not_found(
    client: SendGridClient, deadline: Deadline
) -> None:
    with pytest.raises(ContactNotFound, match="no contact with this contact_id"):
        client.contact(contact_id(1), deadline)


def test_a_contact_is_found_in_whatever_case_sendgrid_writes_its_id(
    world: World, client: SendGridClient, deadline: Deadline
) -> None:
    wanted = "0123abcd-0000-4000-8000-00000000000f"
    world.double.faults.add(Fault(status=200, body={"id": wanted.upper(), "email": EMAIL}))
    assert client.contact(wanted, deadline)["email"] == EMAIL


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"id": contact_id(2), "email": EMAIL}, id="another contact"),
        pytest.param({"email": EMAIL}, id="no id"),
        pytest.param({"id": None}, id="null id"),
        pytest.param({"id": [contact_id(1)]}, id="a list of ids"),
        pytest.param({"result": {"id": contact_id(1)}}, id="the contact in something"),
        pytest.param([{"id": contact_id(1)}], id="a list"),
        pytest.param({}, id="nothing"),
        pytest.param("<html></html>", id="HTML"),
    ],
)
def test_something_else_than_the_contact_is_an_outage(
    world: World, client: SendGridClient, deadline: Deadline, body: object
) -> None:
    world.double.faults.add(Fault(status=200, body=body))
    with pytest.raises(SendGridUnavailable, match="not the contact") as raised:
        client.contact(contact_id(1), deadline)
    assert "jane" not in raised.value.message


@pytest.mark.parametrize("contacts", [0, 1, 3])
def test_the_count_is_that_of_the_contacts(
    world: World, client: SendGridClient, deadline: Deadline, contacts: int
) -> None:
    for _ in range(contacts):
        world.new_contact()
    assert client.contact_count(deadline) == contacts


@pytest.mark.parametrize("count", [None, True, -1, 1.5, "4", [4], {"contact_count": 4}], ids=repr)
def test_a_count_that_is_none_is_an_outage(
    world: World, client: SendGridClient, deadline: Deadline, count: object
) -> None:
    world.double.faults.add(Fault(status=200, body={"contact_count": count}))
    with pytest.raises(SendGridUnavailable, match="not a count"):
        client.contact_count(deadline)


@pytest.mark.parametrize("body", [{}, [], "<html></html>", {"billable_count": 4}], ids=repr)
def test_an_answer_without_a_count_is_an_outage(
    world: World, client: SendGridClient, deadline: Deadline, body: object
) -> None:
    world.double.faults.add(Fault(status=200, body=body))
    with pytest.raises(SendGridUnavailable, match="not a count"):
        client.contact_count(deadline)
