"""Bulk deletion by e-mail addresses and other identifiers, through its handler."""

import hashlib
import json
from typing import Any

import pytest

from contact_deletion.deletion.identifier_search import MAX_DIVISIONS
from contact_deletion.errors import (
    InvalidRequest,
    RateLimited,
    RequestConflict,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.requests.identifiers import IdentifierType, canonical
from local.sendgrid_double import Fault, RateLimit
from tests.integration.bulk import event, failed, outcome_of
from tests.support.events import bulk_delete, delete_by_identifiers
from tests.support.world import World

SEARCH = "/v3/marketing/contacts/search/identifiers/{identifier_type}"
ADA = "ada@example.com"


def counts(**found: Any) -> dict[str, Any]:
    none = dict.fromkeys(("found", "not_found", "alternate_email_matches", "invalid"), 0)
    return none | {"invalid_positions": []} | found


def people(world: World, count: int) -> list[str]:
    """The addresses of so many contacts."""
    addresses = [f"person-{number}@example.com" for number in range(count)]
    for address in addresses:
        world.new_contact(email=address)
    return addresses


def answer(world: World, body: object, status: int = 200, times: int = 1) -> None:
    """What SendGrid answers to the next searches by identifiers."""
    world.double.faults.add(Fault(route=SEARCH, status=status, body=body, times=times))


# ------------------------------------------------------------------------------------ how many calls


def test_a_thousand_one_address_messages_cost_ten_lookups_and_five_deletions(world: World) -> None:
    requests = [delete_by_identifiers([address]) for address in people(world, 1000)]
    bystander = world.new_contact(email="bystander@example.com")

    assert world.bulk_delete(event(*requests)) == {"batchItemFailures": []}

    assert (len(world.searches()), len(world.deletions())) == (10, 5)
    world.jobs_end()
    assert world.double.account.contact_ids() == {bystander}


def test_requests_by_id_and_by_identifier_share_calls(world: World) -> None:
    by_id, by_email, by_both = (
        world.new_contact(email=f"{n}@example.com", external_id=f"{n}") for n in range(3)
    )

    world.bulk_delete(
        event(
            bulk_delete([by_id, by_both]),
            delete_by_identifiers(["1@example.com", "2@EXAMPLE.com"]),
            delete_by_identifiers(["2"], "EXTERNALID"),
        )
    )

    (deletion,) = world.deletions()
    assert sorted(deletion.ids) == sorted([by_id, by_email, by_both])
    assert [call.target.rpartition("/")[2] for call in world.searches()] == ["email", "external_id"]


# ------------------------------------------------------------------------------------ what is found


def test_an_alternate_address_is_searched_for_as_it_is_given_too(world: World) -> None:
    """Not only with its letters composed."""
    decomposed = "jose\u0301@example.com"
    other = world.double.account.add_contact(email="other@example.com", alternate_emails=(decomposed,))

    world.bulk_delete(delete_by_identifiers([decomposed], match_alternate_emails=True))

    (deletion,) = world.deletions()
    assert list(deletion.ids) == [other]


def test_each_kind_of_result_is_counted_and_an_invalid_value_is_named_by_its_position(world: World) -> None:
    ada = world.new_contact(email=ADA)
    other = world.double.account.add_contact(
        email="other@example.com", alternate_emails=["shared@example.com"]
    )
    values = [
        ADA,
        "nobody@example.com",
        " ",
        "Shared@example.com",
        f" {ADA.upper()} ",
        "ada@host",
        "ada.example.com",
    ]

    response = world.bulk_delete(delete_by_identifiers(values, request_id="erasure-7"))

    (job,) = world.double.account.jobs()
    assert response == {
        "status": "accepted",
        "request_id": "erasure-7",
        "job_ids": [job.id],
        "contact_count": 1,
        "contact_ids": [ada],
        "identifiers": counts(
            found=2, not_found=1, alternate_email_matches=1, invalid=3, invalid_positions=[2, 5, 6]
        ),
        "replayed": False,
        "note": "contacts that have an address only as an alternate one were left alone; some identifiers are invalid",
    }
    replayed = world.bulk_delete(delete_by_identifiers(values, request_id="erasure-7"))
    assert replayed == response | {"replayed": True}
    world.jobs_end()
    assert world.double.account.contact_ids() == {other}


@pytest.mark.parametrize("match", [True, False])
def test_the_contact_of_an_alternate_address_is_deleted_only_on_request(world: World, match: bool) -> None:
    contact = world.double.account.add_contact(email="other@example.com", alternate_emails=[ADA])
    more: dict[str, Any] = {"match_alternate_emails": True} if match else {}

    response = world.bulk_delete(delete_by_identifiers([ADA], **more))

    assert response["identifiers"] == counts(**{"found" if match else "alternate_email_matches": 1})
    world.jobs_end()
    assert (contact in world.double.account) is not match


@pytest.mark.parametrize(
    ("kind", "field", "stored", "given"),
    [
        ("EMAIL", "email", "o'brien+1@example.com", "O'Brien+1@Example.com"),
        ("EMAIL", "email", "ada@bücher.example", "Ada@BÜCHER.example"),
        ("EMAIL", "email", f"{'a' * 200}@example.com", f"{'A' * 200}@example.com"),
        ("EMAIL", "email", "jos\u00e9@example.com", "jose\u0301@example.com"),
        ("EMAIL", "email", "jose\u0301@example.com", "jose\u0301@example.com"),
        ("PHONENUMBERID", "phone_number_id", "+15555550100", "15555550100"),
        ("PHONENUMBERID", "phone_number_id", "15555550100", "+15555550100"),
        ("EXTERNALID", "external_id", "Customer-7", " Customer-7"),
        ("ANONYMOUSID", "anonymous_id", "visitor 7", "visitor 7"),
    ],
)
def test_a_contact_is_found_by_each_usual_spelling(
    world: World, kind: str, field: str, stored: str, given: str
) -> None:
    world.new_contact(**{field: stored})
    response = world.bulk_delete(delete_by_identifiers([given], kind))
    assert response["identifiers"] == counts(found=1)
    world.jobs_end()
    assert not world.double.account.contact_ids()


@pytest.mark.parametrize(
    "contact",
    [
        {"email": "other@example.com"},
        {"email": "other@example.com", "alternate_emails": ["another@example.com"]},
        {"email": ADA, "id": "1,2&delete_all_contacts=true"},
        {"email": ADA, "id": None},
        {},
        "a contact",
    ],
    ids=repr,
)
def test_a_result_that_is_not_about_the_identifier_deletes_nothing(world: World, contact: Any) -> None:
    if isinstance(contact, dict):
        contact = {"id": world.new_contact()} | contact
    answer(world, {"result": {ADA: {"contact": contact}}})
    outcome = outcome_of(world, delete_by_identifiers([ADA], match_alternate_emails=True))
    assert isinstance(outcome, SendGridUnavailable)
    assert not world.deletions()


def test_identifiers_that_differ_only_in_case_are_different(world: World) -> None:
    wanted, other = world.new_contact(external_id="abc"), world.new_contact(external_id="ABC")
    hit = {"contact": {"id": other, "external_id": "ABC"}}
    answer(world, {"result": {"abc": hit, "x": {"error": "contact not found"}}})
    response = world.bulk_delete(delete_by_identifiers(["abc", "x"], "EXTERNALID"))
    assert response["contact_ids"] == [wanted]


# ------------------------------------------------------------------------------------ nothing found, or not known


@pytest.mark.parametrize(
    "body", [None, {"message": "not found", "field": "identifiers"}], ids=["usual", "bare"]
)
def test_where_no_contact_is_found_there_is_nothing_to_do(world: World, body: object) -> None:
    if body:
        answer(world, body, status=404)

    assert world.bulk_delete(event(delete_by_identifiers(["nobody@example.com"]))) == {
        "batchItemFailures": []
    }

    (completed,) = world.outcome_events()
    assert (completed["kind"], completed["job_ids"], completed["contact_count"]) == ("Completed", [], 0)
    assert completed["identifiers"] == counts(not_found=1)
    assert completed["message"] == "nothing to do: none of the contacts exists"


def test_a_404_that_is_not_sendgrids_means_nothing(world: World) -> None:
    answer(world, "<html></html>", status=404)
    assert isinstance(outcome_of(world, delete_by_identifiers([ADA])), SendGridUnavailable)


@pytest.mark.parametrize(
    ("entry", "remembered"),
    [({"error": "internal error"}, 1), ({}, 1), ({"contact": None, "error": "contact not found"}, 2)],
)
def test_only_contact_not_found_means_that_there_is_none(
    world: World, entry: dict[str, Any], remembered: int
) -> None:
    ada = world.new_contact(email=ADA)
    request = delete_by_identifiers([ADA, "unknown@example.com"])
    found = {ADA: {"contact": {"id": ada, "email": ADA}}}
    answer(world, {"result": found | {"unknown@example.com": entry}})
    answer(world, {"result": {"unknown@example.com": entry}})

    response = world.bulk_delete(event(request))

    assert failed(response) == ([] if remembered == 2 else [1])
    assert [call.ids for call in world.deletions()] == [(ada,)], "it does not wait for the other"
    if remembered == 1:
        world.double.faults.clear()
        world.double.requests.clear()
        world.jobs_end()
        assert world.bulk_delete(event(request, receive_count=2)) == {"batchItemFailures": []}
        assert all(ADA not in call.body for call in world.searches()), (
            "what was resolved is not searched for again"
        )
        assert not world.deletions()
    (check,) = world.status_messages()
    (tracked,) = check["requests"]
    assert (tracked["contact_ids"], tracked["identifiers"]) == ([ada], counts(found=1, not_found=1))


def test_a_result_that_lacks_an_identifier_is_asked_for_again(world: World) -> None:
    addresses = people(world, 2)
    answer(world, {"result": {}})
    response = world.bulk_delete(delete_by_identifiers(addresses))
    assert response["identifiers"] == counts(found=2)


def test_contacts_that_are_found_but_not_deleted_are_not_searched_for_again(world: World) -> None:
    ada = world.new_contact(email=ADA)
    request = delete_by_identifiers([ADA, "bob@example.com"])
    busy = {"bob@example.com": {"error": "busy"}}
    answer(world, {"result": busy | {ADA: {"contact": {"id": ada, "email": ADA}}}})
    answer(world, {"result": busy})
    world.double.faults.add(Fault(method="DELETE", status=503, times=9))
    assert isinstance(outcome_of(world, request), SendGridUnavailable)
    world.double.faults.clear()

    assert world.bulk_delete(request)["identifiers"] == counts(found=1, not_found=1)

    assert all(ADA not in call.body for call in world.searches()[1:])
    assert [call.ids for call in world.deletions() if call.status == 202] == [(ada,)]


@pytest.mark.parametrize("body", [{}, {"result": []}, {"result": {ADA: 1}}, "<html></html>"], ids=repr)
def test_a_response_without_results_defers_the_request(world: World, body: object) -> None:
    answer(world, body)
    assert isinstance(outcome_of(world, delete_by_identifiers([ADA])), SendGridUnavailable)


# ------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("bad", ["ada@host", "ada@-.x", "ada@example.c0m1"])
def test_a_value_that_sendgrid_refuses_affects_no_other_message(world: World, bad: str) -> None:
    """What an address is SendGrid decides; `ada@example.c0m1` only looks doubtful, and is one for the double."""
    addresses = people(world, 150)
    refused = not bad.endswith("1")
    requests = [delete_by_identifiers([address]) for address in [*addresses, bad]]
    if bad == "ada@-.x":  # only this one is refused, and it looks plain
        requests[-1] = delete_by_identifiers(["poison@example.com"])
        world.double.faults.add(Fault(route=SEARCH, containing="poison@", status=400, times=1000))
        world.double.faults.add(
            Fault(route=SEARCH.replace("identifiers/{identifier_type}", "emails"), status=400)
        )

    assert world.bulk_delete(event(*requests)) == {"batchItemFailures": []}

    world.jobs_end()
    assert not world.double.account.contact_ids()
    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["SendGridRefused"] * refused
    assert len(world.searches()) <= 20


def test_many_refused_values_are_found_out_in_several_invocations(world: World) -> None:
    bad = [f"{number}@host" for number in range(100)]
    request = delete_by_identifiers([*people(world, 1), *bad])

    outcome = outcome_of(world, request)
    assert isinstance(outcome, SendGridUnavailable)
    assert 2 * MAX_DIVISIONS < len(world.searches()) <= 2 * (2 * MAX_DIVISIONS + 2)
    for _ in range(5):
        outcome = outcome_of(world, request)

    assert isinstance(outcome, dict)
    assert outcome["identifiers"] == counts(found=1, invalid=100, invalid_positions=list(range(1, 101)))
    assert len(world.deletions()) == 1


def test_a_refusal_for_another_reason_rejects_the_requests_with_identifiers_only(world: World) -> None:
    world.double.faults.add(Fault(route=SEARCH, status=406))
    contact = world.new_contact()
    world.bulk_delete(event(delete_by_identifiers([ADA]), bulk_delete([contact])))
    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["SendGridRefused"]
    assert len(world.deletions()) == 1


def test_a_request_without_a_valid_value_is_invalid(world: World) -> None:
    with pytest.raises(
        InvalidRequest, match=r"^identifier_values has no valid identifier of the type EMAIL$"
    ):
        world.bulk_delete(
            delete_by_identifiers(["", "ada", "a@b@c", "a b@example.com", f"{'a' * 250}@example.com"])
        )
    assert not world.double.requests


# ------------------------------------------------------------------------------------ rate limits


def test_what_was_resolved_before_the_rate_limit_was_spent_is_not_lost(world: World) -> None:
    world.double.rate_limiter.configure(
        RateLimit(limit=600, window_seconds=600, by_endpoint={"POST /v3/marketing/contacts/search*": 3})
    )
    request = delete_by_identifiers(people(world, 500), request_id="erasure")

    outcome = outcome_of(world, request)
    assert isinstance(outcome, RateLimited)
    assert sum(len(call.ids) for call in world.deletions()) == 300
    world.clock.advance(600)
    response = world.bulk_delete(request)

    assert response["identifiers"] == counts(found=500)
    assert set(response["job_ids"]) == {job.id for job in world.double.account.jobs()}
    assert [call.status for call in world.searches()] == [200] * 5
    world.jobs_end()
    assert not world.double.account.contact_ids()


def test_resolved_contacts_survive_a_deletion_that_has_to_wait(world: World) -> None:
    addresses = people(world, 3)
    world.double.faults.add(Fault(method="DELETE", status=503, times=9))
    request = delete_by_identifiers(addresses)
    assert failed(world.bulk_delete(event(request))) == [1]
    world.double.faults.clear()

    assert world.bulk_delete(event(request, receive_count=2)) == {"batchItemFailures": []}

    assert len(world.searches()) == 1
    world.jobs_end()
    assert not world.double.account.contact_ids()


def test_a_search_leaves_time_for_the_deletion(world: World) -> None:
    """Contacts named by their IDs do not wait for the rate limit of searches."""
    world.context.remaining_seconds = 90
    contact = world.new_contact()
    response = world.bulk_delete(event(delete_by_identifiers([ADA]), bulk_delete([contact])))
    assert failed(response) == [1]
    assert [call.ids for call in world.deletions()] == [(contact,)]


# ------------------------------------------------------------------------------------ the ledger


def test_the_ledger_has_no_hash_that_can_be_guessed(world: World) -> None:
    world.new_contact(email=ADA)
    request = delete_by_identifiers([ADA])
    world.bulk_delete(event(request, request | {"request_id": "erasure"}))
    first = {item["id"]["S"] for item in world.ledger()}
    kept = json.dumps(world.ledger())

    content = {
        "identifier_type": "EMAIL",
        "identifier_values": [canonical(IdentifierType.EMAIL, ADA)],
        "match_alternate_emails": False,
    }
    for guess in (ADA, content, [ADA]):
        for text in (json.dumps(guess, sort_keys=True), json.dumps(guess), str(guess)):
            assert hashlib.sha256(text.encode()).hexdigest() not in kept
    assert ADA not in kept
    world.rotate_key("SG.another-key")
    world.restart()
    world.bulk_delete(event(request))
    assert len({item["id"]["S"] for item in world.ledger()} - first) == 1, "it depends on the key"


@pytest.mark.parametrize("rotated", [True, False])
def test_a_request_id_finds_its_record_when_the_key_was_rotated(world: World, rotated: bool) -> None:
    world.new_contact(email=ADA)
    request = delete_by_identifiers([ADA], request_id="erasure")
    first = world.bulk_delete(request)
    world.jobs_end()
    if rotated:
        world.rotate_key("SG.another-key")
        world.restart()

    again = world.bulk_delete(request)

    assert again["job_ids"] == first["job_ids"]
    assert again["replayed"] is not rotated
    assert isinstance(outcome_of(world, request | {"identifier_values": ["x@example.com"]}), RequestConflict)
    assert isinstance(
        outcome_of(world, bulk_delete([world.new_contact()], request_id="erasure")), RequestConflict
    )
    assert len(world.deletions()) == 1


def test_progress_after_a_rotation_is_based_on_the_old_record(world: World) -> None:
    bob, bobs = world.new_contact(email="bob@example.com"), {"email": "bob@example.com"}
    request = delete_by_identifiers(["bob@example.com", ADA], request_id="erasure")
    first = world.bulk_delete(request)
    world.rotate_key("SG.another-key")
    world.restart()
    busy = {ADA: {"error": "busy"}}
    answer(world, {"result": busy | {"bob@example.com": {"contact": {"id": bob} | bobs}}})
    answer(world, {"result": busy})
    deferred = outcome_of(world, request)
    assert isinstance(deferred, SendGridUnavailable)
    assert len(deferred.job_ids) == 2

    world.new_contact(email=ADA)
    response = world.bulk_delete(request)

    assert response["job_ids"][0] == first["job_ids"][0]
    assert set(response["job_ids"]) == {job.id for job in world.double.account.jobs()}
    assert response["identifiers"] == counts(found=2)


def test_without_the_secret_only_requests_by_identifier_wait(world: World) -> None:
    contact = world.new_contact()
    by_id = bulk_delete([contact])
    world.bulk_delete(by_id)
    world.change_settings(api_key_secret_id="no-such-secret")

    response = world.bulk_delete(event(delete_by_identifiers([ADA]), by_id))

    assert failed(response) == [1]
    assert isinstance(outcome_of(world, delete_by_identifiers([ADA])), SendGridUnauthorized)


# ------------------------------------------------------------------------------------ the end


def test_the_event_states_what_was_found_and_the_contacts_decide(world: World) -> None:
    ada = world.new_contact(email=ADA)
    world.double.account.force_next_jobs("errored")
    world.bulk_delete(event(delete_by_identifiers([ADA, "ada", "nobody@example.com"])))
    world.jobs_end()

    world.deletion_status(world.receive("DeletionStatusQueue"))

    (failure,) = world.outcome_events()
    assert (failure["kind"], failure["contact_count"]) == ("Failed", 1)
    assert failure["remaining_contacts"]["contact_ids"] == [ada]
    assert failure["identifiers"] == counts(found=1, not_found=1, invalid=1, invalid_positions=[1])


@pytest.mark.parametrize("verification", ["on-error", "always", "never"])
def test_a_request_without_contacts_is_completed_however_the_job_of_an_earlier_attempt_ends(
    world: World, verification: Any
) -> None:
    """Another key, so that the second attempt knows only the job of the first."""
    world.change_settings(contact_verification=verification)
    ada = world.new_contact(email=ADA)
    world.double.account.force_next_jobs("errored")
    request = delete_by_identifiers([ADA], request_id="erasure")
    first = world.bulk_delete(request)
    world.jobs_end()
    world.double.account.delete_contacts([ada])
    world.jobs_end()
    world.rotate_key("SG.another-key")
    world.restart()
    world.receive("DeletionStatusQueue")

    assert world.bulk_delete(event(request)) == {"batchItemFailures": []}
    world.deletion_status(world.receive("DeletionStatusQueue"))

    (completed,) = world.outcome_events()
    assert (completed["kind"], completed["contact_count"]) == ("Completed", 0)
    assert completed["job_ids"] == first["job_ids"]
    assert completed["identifiers"] == counts(not_found=1)


def test_a_request_of_which_sendgrid_refuses_every_value_is_rejected(world: World) -> None:
    with pytest.raises(SendGridRefused, match="refuses to search for any"):
        world.bulk_delete(delete_by_identifiers(["ada@host", "ada"]))
