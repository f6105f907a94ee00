"""How many contacts the account has, for a workflow."""

import pytest

from contact_deletion.errors import InvalidRequest, RateLimited, SendGridUnauthorized, SendGridUnavailable
from local.sendgrid_double import Fault, RateLimit
from tests.support.world import World


@pytest.mark.parametrize("number", [0, 1, 7])
def test_the_count_is_that_of_the_account(world: World, number: int) -> None:
    for _ in range(number):
        world.new_contact()
    assert world.contact_count({}) == {"contact_count": number}


@pytest.mark.parametrize("payload", [None, [], "all", {"list_id": "x"}], ids=repr)
def test_a_payload_that_asks_for_more_is_invalid(world: World, payload: object) -> None:
    with pytest.raises(InvalidRequest):
        world.contact_count(payload)
    assert world.double.requests == []
    # The ID of its execution a workflow may pass.
    assert world.contact_count({"request_id": "run-1"}) == {"contact_count": 0}


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
    told = (line["message"], line["operation"], line["code"])
    assert told == ("request deferred", "contact_count", error.__name__)
    put_out = capsys.readouterr().out
    assert f'"code":"{error.__name__}","RequestsDeferred":[1.0]' in put_out
    assert '"ApiCalls":[1.0]' in put_out


def test_answer_is_logged_and_its_cost_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=20))
    world.contact_count({})
    capsys.readouterr()

    world.contact_count({})

    line = world.log_lines()[-1]
    told = (line["message"], line["operation"], line["answer"])
    assert told == ("answered", "contact_count", {"contact_count": 0})
    put_out = capsys.readouterr().out
    assert '"ApiCalls":[1.0]' in put_out
    assert '"RateLimitWait":' in put_out
