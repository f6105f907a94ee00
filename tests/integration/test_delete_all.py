"""Deletion of all contacts, through its handler: every guard alone, and sent at most once."""

import time
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from requests import ConnectTimeout

from contact_deletion.deadline import RESERVED_SECONDS
from contact_deletion.errors import (
    DeleteAllRefused,
    DeleteAllUnconfirmed,
    LedgerUnavailable,
    NotAccepted,
    RateLimited,
    RequestConflict,
    RequestInProgress,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.sendgrid.transport import CALL_SECONDS
from local.sendgrid_double import Fault, RateLimit
from tests.integration.operations import Killed, deletions_raise, ledger_records_nothing
from tests.support.dynamodb import FailingCalls
from tests.support.events import delete_all, sqs_event
from tests.support.world import World

QUEUE = "DeleteAllQueue"
EDGE_PAGE = "<html><head><title>Attention Required!</title></head></html>"


@pytest.fixture
def account(world: World) -> World:
    """A world whose account has three contacts; its clock is at a whole second, as a request can state it exactly."""
    world.clock.advance(-world.clock() % 1)
    for _ in range(3):
        world.new_contact()
    return world


def request(world: World, *, age: float = 0, **more: Any) -> dict[str, Any]:
    """So many seconds old; one from the future has a negative age."""
    return delete_all(datetime.fromtimestamp(world.clock() - age, UTC).isoformat(), **more)


def sent(world: World) -> int:
    """How many delete-alls SendGrid received."""
    return sum("delete_all_contacts=true" in call.target for call in world.double.requests)


def killed_while_sending(world: World, message: object) -> None:
    """The invocation dies after the request was written."""
    with deletions_raise(world, Killed, after_sending=True), pytest.raises(Killed):
        world.delete_all(message)


def test_every_contact_is_deleted(account: World) -> None:
    response = account.delete_all(request(account))
    assert (response["status"], response["contact_count"]) == ("accepted", 3)
    assert [job.id for job in account.double.account.jobs()] == response["job_ids"]
    account.jobs_end()
    assert len(account.double.account) == 0


# -------------------------------------------------------------------------------------------- the guards, each alone


def test_it_is_refused_while_it_is_switched_off(account: World) -> None:
    account.change_settings(delete_all_enabled=False)
    with pytest.raises(DeleteAllRefused, match="DELETE_ALL_ENABLED"):
        account.delete_all(request(account))
    assert account.double.requests == []


@pytest.mark.parametrize(
    ("changes", "reason", "calls"),
    [
        *(
            ({"confirm": phrase}, "confirm", [])
            for phrase in ("delete all contacts", "Delete All Contacts ", "yes", "")
        ),
        ({"age": 901}, "900 seconds", []),
        ({"age": -61}, "future", []),
        ({"max_contacts": 2}, "3 contacts", ["GET"]),
    ],
)
def test_each_guard_alone_refuses_it(
    account: World, changes: dict[str, Any], reason: str, calls: list[str]
) -> None:
    with pytest.raises(DeleteAllRefused, match=reason):
        account.delete_all(request(account, **changes))
    assert [call.method for call in account.double.requests] == calls


@pytest.mark.parametrize("limit", [{"age": 900}, {"age": -60}, {"max_contacts": 3}], ids=str)
def test_it_is_accepted_at_each_limit(account: World, limit: dict[str, Any]) -> None:
    assert account.delete_all(request(account, **limit))["status"] == "accepted"


def test_it_is_refused_when_it_grew_too_old_while_waiting_for_the_count(account: World) -> None:
    old = request(account)
    account.clock.advance(890)
    account.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=30))
    with pytest.raises(DeleteAllRefused, match="max_contacts"):
        account.delete_all(request(account, request_id="spends-the-window", max_contacts=1))

    with pytest.raises(DeleteAllRefused, match="900 seconds"):
        account.delete_all(old)

    assert sent(account) == 0


# -------------------------------------------------------------------------------------------- at most once


def test_a_repetition_answers_from_the_ledger_even_when_it_is_too_old_to_be_sent(account: World) -> None:
    message = request(account)
    first = account.delete_all(message)
    account.clock.advance(7 * 24 * 3600)

    again = account.delete_all(message)

    assert again == first | {"replayed": True}
    assert sent(account) == 1


def test_another_request_with_the_same_id_is_a_conflict(account: World) -> None:
    account.delete_all(request(account))
    account.clock.advance(60)
    with pytest.raises(RequestConflict):
        account.delete_all(request(account))
    assert sent(account) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="DELETE", drop=True),
        Fault(method="DELETE", drop=True, takes_effect=True),
        Fault(method="DELETE", truncate=True),
        Fault(method="DELETE", status=202, body={"job_id": {}}, takes_effect=True),
        Fault(method="DELETE", status=202, body="", takes_effect=True),
        *(
            Fault(method="DELETE", status=status, takes_effect=True)
            for status in (408, 425, 500, 502, 503, 504, 520, 522, 524, 529)
        ),
        *(
            Fault(method="DELETE", status=status, body=EDGE_PAGE, takes_effect=True)
            for status in (400, 401, 403, 404, 406, 429, 451, 500)
        ),
        Fault(method="DELETE", status=403, truncate=True, takes_effect=True),
        Fault(method="DELETE", status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
    ids=repr,
)
def test_what_may_have_been_received_is_not_sent_again(account: World, fault: Fault) -> None:
    """What was imported in between would be deleted too: the account is empty by then, so no ceiling helps."""
    account.double.faults.add(fault)
    message = request(account)

    for _ in range(3):
        with pytest.raises(DeleteAllUnconfirmed):
            account.delete_all(message)

    assert sent(account) == 1


def test_a_page_with_status_401_does_not_renew_the_key_and_send_again(account: World) -> None:
    account.double.sleep = lambda _: account.rotate_key("SG.another")
    account.double.faults.add(Fault(method="GET", delay_seconds=1))
    account.double.faults.add(Fault(method="DELETE", status=401, body=EDGE_PAGE, takes_effect=True))

    with pytest.raises(DeleteAllUnconfirmed):
        account.delete_all(request(account))

    assert sent(account) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_a_message_that_may_have_been_received_ends_unconfirmed(account: World, status: int) -> None:
    account.change_settings(dead_letter_queue_url=account.queue_url("DeleteAllDeadLetterQueue"))
    account.double.faults.add(Fault(method="DELETE", status=status, takes_effect=True))

    assert account.delete_all(sqs_event(request(account), queue=QUEUE)) == {"batchItemFailures": []}

    (event,) = account.outcome_events()
    assert (event["kind"], event["code"]) == ("Rejected", "DeleteAllUnconfirmed")
    assert len(account.dead_letters("DeleteAllDeadLetterQueue")) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(method="DELETE", status=429), RateLimited),
        (Fault(method="DELETE", status=429, body="", headers={"X-Envoy-Ratelimited": "true"}), RateLimited),
        (Fault(method="DELETE", status=401), SendGridUnauthorized),
        (Fault(method="DELETE", status=403), SendGridUnauthorized),
        (Fault(method="GET", drop=True), SendGridUnavailable),
        (Fault(method="GET", status=502), SendGridUnavailable),
        (Fault(method="DELETE", status=400), SendGridRefused),
    ],
    ids=repr,
)
def test_what_surely_was_not_done_is_tried_again(
    account: World, fault: Fault, error: type[NotAccepted]
) -> None:
    account.double.faults.add(fault)
    message = request(account)
    with pytest.raises(error):
        account.delete_all(message)
    account.clock.advance(10)

    assert account.delete_all(message)["status"] == "accepted"
    account.jobs_end()
    assert len(account.double.account) == 0


def test_a_connection_that_was_never_made_is_tried_again(account: World) -> None:
    message = request(account)
    with deletions_raise(account, ConnectTimeout), pytest.raises(SendGridUnavailable):
        account.delete_all(message)
    assert account.delete_all(message)["status"] == "accepted"


def test_a_process_that_died_while_sending_leaves_it_unconfirmed(account: World) -> None:
    message = request(account)
    killed_while_sending(account, message)
    with pytest.raises(RequestInProgress):
        account.delete_all(message)
    account.clock.advance(account.context.remaining_seconds + 1)

    with pytest.raises(DeleteAllUnconfirmed):
        account.delete_all(message)

    assert sent(account) == 1


def test_an_unconfirmed_claim_never_ends_by_itself(account: World) -> None:
    killed_while_sending(account, request(account))
    (record,) = account.ledger()
    claim_ends, record_ends = (int(record[name]["N"]) for name in ("in_progress_expiration", "expiration"))
    assert record_ends > time.time() + 14 * 24 * 3600
    assert claim_ends / 1000 == pytest.approx(record_ends, abs=60)


def test_a_process_that_died_before_sending_leaves_it_to_be_tried_again(account: World) -> None:
    message = request(account)
    with patch.object(account.runtime.session, "request", side_effect=Killed), pytest.raises(Killed):
        account.delete_all(message)
    account.clock.advance(account.context.remaining_seconds + 1)
    assert account.delete_all(message)["status"] == "accepted"


def test_of_two_environments_that_claimed_it_one_sends(account: World) -> None:
    """The first one's claim seems to have ended, because clocks differ; it is alive and comes second to the mark."""
    message = request(account)
    responses: list[Any] = []

    def the_other_takes_over(_: float) -> None:
        account.change_ledger(in_progress_expiration={"N": "1"})
        responses.append(account.delete_all(message))

    account.double.sleep = the_other_takes_over
    account.double.faults.add(Fault(method="GET", delay_seconds=1))

    with pytest.raises(RequestInProgress):
        account.delete_all(message)

    assert [response["status"] for response in responses] == ["accepted"]
    assert sent(account) == 1
    assert account.delete_all(message)["replayed"]


def test_it_is_not_sent_by_an_environment_whose_claim_another_has_marked(account: World) -> None:
    """The other one took the claim over, and died when it was about to send: whether it did cannot be known."""
    message = request(account)

    def the_other_takes_over_and_dies(_: float) -> None:
        account.change_ledger(in_progress_expiration={"N": "1"})
        with deletions_raise(account, Killed), pytest.raises(Killed):
            account.delete_all(message)

    account.double.sleep = the_other_takes_over_and_dies
    account.double.faults.add(Fault(method="GET", delay_seconds=1))

    with pytest.raises(RequestInProgress):
        account.delete_all(message)

    assert sent(account) == 0


def test_it_is_not_sent_when_the_claim_cannot_be_made_permanent(account: World) -> None:
    message = request(account)
    marking = FailingCalls(account.runtime.dynamodb, "UpdateItem", containing="sender_ends_at")

    with marking, pytest.raises(LedgerUnavailable):
        account.delete_all(message)

    assert sent(account) == 0
    assert account.delete_all(message)["status"] == "accepted"


def test_an_acceptance_that_cannot_be_recorded_is_not_sent_again(account: World) -> None:
    message = request(account)
    with ledger_records_nothing(account):
        response = account.delete_all(message)
    account.clock.advance(account.context.remaining_seconds + 1)

    assert response["status"] == "accepted"
    (failure,) = [line for line in account.log_lines() if line["level"] == "ERROR"]
    assert (failure["request_id"], failure["job_ids"]) == (message["request_id"], response["job_ids"])
    with pytest.raises(DeleteAllUnconfirmed):
        account.delete_all(message)
    assert sent(account) == 1


def test_it_is_not_begun_when_the_count_took_the_time_that_was_left(account: World) -> None:
    account.context.remaining_seconds = RESERVED_SECONDS + CALL_SECONDS + 2
    account.double.faults.add(Fault(method="GET", delay_seconds=5))
    with pytest.raises(SendGridUnavailable, match="no time left"):
        account.delete_all(request(account))
    assert [call.method for call in account.double.requests] == ["GET"]
