"""How many contacts the account, a list or a segment has, for a workflow."""

from datetime import UTC, datetime

import pytest

from contact_deletion.errors import (
    InvalidRequest,
    RateLimited,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from local.sendgrid_double import Fault, RateLimit
from tests.support.world import World

GROUP = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"


@pytest.mark.parametrize("number", [0, 1, 7])
def test_the_count_is_that_of_the_account(world: World, number: int) -> None:
    for _ in range(number):
        world.new_contact()
    # A workflow may pass its execution's ID, and the name of the one that started it.
    envelope = {"request_id": "run-1", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:of:an:execution"}
    assert world.contact_count(envelope) == counted(number)


def counted(number: int, **more: object) -> dict[str, object]:
    return {"contact_count": number, "sampled_at": None, "sample_age_hours": None, "source": {}} | more


def test_the_count_of_a_list_is_its_own(world: World) -> None:
    world.new_contact()
    world.double.account.add_contact(email="a@example.com", list_ids=[GROUP])

    assert world.contact_count({"list_id": GROUP}) == counted(1, source={"list_id": GROUP})


@pytest.mark.parametrize(("age_seconds", "hours"), [(0, 0), (3600, 1), (3601, 2), (-60, 0)])
def test_the_count_of_a_segment_says_how_old_it_is(world: World, age_seconds: float, hours: int) -> None:
    sampled_at = datetime.fromtimestamp(world.clock() - age_seconds, UTC).isoformat()
    segment = {"contacts_count": 7, "sample_updated_at": sampled_at}
    world.double.faults.add(Fault(route="*/segments/2.0/*", status=200, body=segment))

    response = world.contact_count({"segment_id": GROUP})

    assert datetime.fromisoformat(response.pop("sampled_at")).timestamp() == pytest.approx(
        world.clock() - age_seconds, abs=0.001
    )
    assert response | {"sampled_at": None} == counted(7, sample_age_hours=hours, source={"segment_id": GROUP})


def test_the_count_of_a_segment_without_a_time_has_no_age(world: World) -> None:
    world.double.faults.add(Fault(route="*/segments/2.0/*", status=200, body={"contacts_count": 7}))

    assert world.contact_count({"segment_id": GROUP}) == counted(7, source={"segment_id": GROUP})


def test_a_list_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(SendGridRefused):
        world.contact_count({"list_id": GROUP})


@pytest.mark.parametrize("payload", [None, [], "all", {"list_id": "/"}, {"ids": "x"}], ids=repr)
def test_a_payload_that_asks_for_more_is_invalid(world: World, payload: object) -> None:
    with pytest.raises(InvalidRequest):
        world.contact_count(payload)
    assert world.double.requests == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), SendGridUnavailable),
        (Fault(status=403), SendGridUnauthorized),
        (Fault(status=429, headers={"X-RateLimit-Reset": "600"}), RateLimited),
    ],
    ids=repr,
)
def test_what_goes_wrong_is_an_error_by_name(
    world: World, fault: Fault, error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.faults.add(fault)

    with pytest.raises(error):
        world.contact_count({})

    (line,) = world.outcomes()
    reported = (line["message"], line["operation"], line["code"])
    assert reported == ("request deferred", "contact_count", error.__name__)
    put_out = capsys.readouterr().out
    assert f'"code":"{error.__name__}","RequestsDeferred":[1.0]' in put_out
    assert '"ApiCalls":[1.0]' in put_out


def test_answer_is_logged_and_its_cost_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=20))
    world.contact_count({})
    capsys.readouterr()

    world.contact_count({})

    line = world.log_lines()[-1]
    reported = (line["message"], line["operation"], line["response"])
    assert reported == ("returned", "contact_count", counted(0))
    put_out = capsys.readouterr().out
    assert '"ApiCalls":[1.0]' in put_out
    assert '"RateLimitWait":' in put_out
