"""The calls of a search for identifiers: which values share one, and how each result is judged."""

import json
from typing import Any

import pytest

from contact_deletion.errors import SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.bulk import outcome_of
from tests.support.events import delete_by_identifiers
from tests.support.world import World

SEARCH = "/v3/marketing/contacts/search/identifiers/{identifier_type}"
ADA = "ada@example.com"
LONGEST = "a" * 88 + "@example.com"  # that SendGrid searches for among the alternate addresses
DECOMPOSED = "Jose\u0301"


def found(response: dict[str, Any]) -> int:
    return int(response["identifiers"]["found"])


def searched(world: World) -> list[list[str]]:
    """The values of each search by identifiers, in their order."""
    bodies = [json.loads(call.body) for call in world.searches() if call.route == SEARCH]
    return [values for body in bodies for values in body.values()]


def respond(world: World, body: object, status: int = 200) -> None:
    world.double.faults.add(Fault(route=SEARCH, status=status, body=body))


def test_addresses_of_an_unusual_form_are_searched_for_in_calls_of_their_own(world: World) -> None:
    unusual = "o'brien@example.com"
    for address in (ADA, unusual):
        world.new_contact(email=address)

    assert found(world.bulk_delete(delete_by_identifiers([ADA, unusual]))) == 2

    assert searched(world) == [[ADA], [unusual]]


def test_other_identifiers_share_a_call_whatever_their_form_and_whether_they_are_found(world: World) -> None:
    world.new_contact(external_id="customer 7")
    values = ["customer 7", "o'brien@example.com", "customer-8"]

    response = world.bulk_delete(delete_by_identifiers(values, "EXTERNALID"))

    assert (found(response), response["identifiers"]["not_found"]) == (1, 2)
    assert searched(world) == [values]


@pytest.mark.parametrize(("address", "count"), [(LONGEST, 1), ("a" + LONGEST, 0)])
def test_alternate_addresses_are_searched_for_up_to_sendgrids_length(
    world: World, address: str, count: int
) -> None:
    world.double.account.add_contact(email="other@example.com", alternate_emails=[address])
    response = world.bulk_delete(delete_by_identifiers([address], match_alternate_emails=True))
    assert found(response) == count


def test_a_value_is_found_in_the_case_and_the_unicode_form_that_its_contact_has(world: World) -> None:
    world.new_contact(external_id=DECOMPOSED)
    assert found(world.bulk_delete(delete_by_identifiers([DECOMPOSED], "EXTERNALID"))) == 1


def test_a_spelling_that_is_refused_leaves_the_others(world: World) -> None:
    world.new_contact(phone_number_id="15555550100")
    respond(world, {"errors": [{"message": "invalid"}]}, status=400)
    assert found(world.bulk_delete(delete_by_identifiers(["+15555550100"], "PHONENUMBERID"))) == 1


def test_values_of_one_spelling_and_of_two_are_searched_for_together(world: World) -> None:
    request = delete_by_identifiers([f"{DECOMPOSED}@example.com", ADA])
    assert world.bulk_delete(request)["identifiers"]["not_found"] == 2


def test_the_only_entry_of_a_call_for_one_value_is_about_it_whatever_its_key(world: World) -> None:
    contact = world.new_contact(email=ADA)
    respond(world, {"result": {"another spelling": {"contact": {"id": contact, "email": ADA}}}})

    assert found(world.bulk_delete(delete_by_identifiers([ADA]))) == 1

    assert searched(world) == [[ADA]]


def test_an_alternate_address_is_no_other_identifier(world: World) -> None:
    other = {"id": world.new_contact(), "external_id": "x", "alternate_emails": [ADA]}
    respond(world, {"result": {ADA: {"contact": other}}})

    outcome = outcome_of(world, delete_by_identifiers([ADA], "EXTERNALID"))

    assert isinstance(outcome, SendGridUnavailable)
    assert world.deletions() == []


def test_what_can_be_searched_for_later_is_deferred_whatever_else_is_refused(world: World) -> None:
    """The first call is refused for good, the second finds SendGrid out of reach."""
    respond(world, {"errors": [{"message": "not acceptable"}]}, status=406)
    respond(world, None, status=503)
    outcome = outcome_of(world, delete_by_identifiers([ADA, "o'brien@example.com"]))
    assert isinstance(outcome, SendGridUnavailable)
