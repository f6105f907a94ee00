"""How many contacts the account has, for a workflow."""

from typing import Any

import pytest

from contact_deletion.errors import InvalidRequest, RateLimited, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.handlers import contact_count as handler_module
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


def test_a_workflow_may_pass_the_id_of_its_execution(world: World) -> None:
    assert world.contact_count({"request_id": "run-1"}) == {"contact_count": 0}


@pytest.mark.parametrize(
    ("status", "error"), [(500, SendGridUnavailable), (403, SendGridUnauthorized)], ids=["outage", "key"]
)
def test_what_goes_wrong_is_an_error_by_name(
    world: World, status: int, error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.faults.add(Fault(status=status))

    with pytest.raises(error):
        world.contact_count({})

    (line,) = world.outcomes()
    assert (line["message"], line["operation"], line["code"]) == (
        "request deferred",
        "contact_count",
        error.__name__,
    )
    put_out = capsys.readouterr().out
    assert f'"code":"{error.__name__}","RequestsDeferred":[1.0]' in put_out
    assert '"ApiCalls":[1.0]' in put_out


def test_a_spent_rate_limit_is_waited_for_or_an_error(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=20))
    assert world.contact_count({}) == world.contact_count({})
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=600))
    world.clock.advance(60)
    world.contact_count({})

    with pytest.raises(RateLimited):
        world.contact_count({})


def test_an_answer_is_logged_and_its_cost_is_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=20))
    world.contact_count({})
    capsys.readouterr()

    world.contact_count({})

    line = world.log_lines()[-1]
    assert (line["message"], line["operation"], line["answer"]) == (
        "answered",
        "contact_count",
        {"contact_count": 0},
    )
    put_out = capsys.readouterr().out
    assert '"ApiCalls":[1.0]' in put_out
    assert '"RateLimitWait":' in put_out


def test_the_lambda_handler_needs_no_ledger_and_no_queue(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.runtime.settings
    environment: dict[str, Any] = {
        "SENDGRID_BASE_URL": settings.sendgrid_base_url,
        "SENDGRID_API_KEY_SECRET_ID": settings.api_key_secret_id,
        "POWERTOOLS_SERVICE_NAME": settings.service,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    handler_module.function.cache_clear()

    answers = [handler_module.handler({}, world.context) for _ in range(2)]

    assert answers == [{"contact_count": 0}] * 2
    assert handler_module.function.cache_info().misses == 1
    handler_module.function.cache_clear()
