"""A hostile value in any field of any function's request is refused by name, is not repeated, and reaches no URL."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import InvalidRequest, NotAccepted
from contact_deletion.requests.validation import MAX_SAFE_INTEGER
from tests.hostile.functions import FUNCTIONS, Functions, places, with_value
from tests.hostile.values import PLANTED, WRONG_TYPES, fuzz, nested, values
from tests.support.world import World

FREE_TEXTS = {
    *("confirm", "identifier_value", "identifier_values"),  # compared with what SendGrid and the guards know
    *("folder", "key", "version_id", "contact_ids_version_id"),  # looked up in S3
    *("id_column", "etag", "hash_key"),  # looked up in a list, compared with those of S3 and of the API key
    *("task_token", "message_id"),  # returned to their sender
}
"""The fields that take more than plain ids and words, and are part of no URL of SendGrid's."""

NUMBERS = {
    *("max_contacts", "contact_count", "expected_contact_count", "exported_contact_count"),
    *("part", "size", "duplicates"),
    *("files", "records", "rows", "rejected_rows", "rejected_files", "contacts", "identifiers"),
    *("found", "not_found", "alternate_email_matches", "invalid", "invalid_positions"),
}

NULLABLE = {
    *("exported_contact_count", "sampled_at", "id_column", "identifier_type", "contacts", "continuation"),
}

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RESOURCE = "[A-Za-z0-9_-]{1,128}"
TARGETS = re.compile(
    "/v3/marketing/contacts"
    rf"([?]ids={_UUID}(%2C{_UUID})*|[?]delete_all_contacts=true|/count|/batch|/{_UUID}(/identifiers)?"
    r"|/search/(emails|identifiers/(email|phone_number_id|external_id|anonymous_id))"
    rf"|/exports(/{_RESOURCE})?|/imports/{_RESOURCE})"
)
"""All that this project ever asks SendGrid for."""

DOWNLOAD = re.compile("/_s3/[A-Za-z0-9_./?&=%-]+")

IGNORE_THE_ENVELOPE = {
    "contact_count",
    "export_start",
    "export_status",
    "export_copy",
    "backup_check",
    "list_summary",
    "prepare_list",
}
"""What a workflow says of who asks is used for nothing there."""

Place = tuple[str | int, ...]


def field_of(place: Place) -> str:
    """The innermost field that the place is in, as errors name it."""
    return next((part for part in reversed(place) if isinstance(part, str)), "the request")


def may_be_let_through(name: str, place: Place, value: object) -> bool:
    """Whether the value is one that the field can have, however odd."""
    field = field_of(place)
    if name in IGNORE_THE_ENVELOPE and field in {"request_id", "task_token"}:
        return True
    if isinstance(value, str):
        return field in FREE_TEXTS
    if isinstance(value, int) and not isinstance(value, bool):
        return field == "max_contacts" if value > MAX_SAFE_INTEGER else field in NUMBERS and value >= 0
    if field in NULLABLE and value is None:
        return True
    if field in {"include_errors_url", "match_alternate_emails"} and isinstance(value, bool):
        return True
    if field == "identifier_values" and isinstance(value, list) and value:
        return all(isinstance(each, str) for each in value)
    followed = name == "deletion_status" and "requests" in place
    if value is None:
        return followed and field in {"operation", "message_id", "contact_count"}
    if value == []:
        return field in {"parts", "runs", "identifier_runs", "found_runs"} or (
            followed and field in {"requests", "contact_ids", "invalid_positions"}
        )
    return value == {} and (
        field == "source" or name in {"contact_count", "export_start"} or (followed and place[1:] == (0,))
    )


def all_that_was_said(message: str, world: World) -> str:
    return message + world.log.getvalue()


def check_refusal(place: Place, value: object, refusal: InvalidRequest, world: World) -> None:
    about_its_own_fields = isinstance(value, dict) and " field: " in refusal.message
    assert field_of(place) in refusal.message or about_its_own_fields
    reported = all_that_was_said(refusal.message, world)
    assert PLANTED not in reported
    if isinstance(value, str) and value.strip():
        assert value not in reported
    assert len(refusal.message) < 300
    assert refusal.message.isascii()


def check_targets(world: World) -> None:
    for request in world.double.requests:
        assert TARGETS.fullmatch(request.target) or DOWNLOAD.fullmatch(request.target)


changes = st.sampled_from(list(FUNCTIONS)).flatmap(
    lambda name: st.tuples(st.just(name), st.integers(0), values)
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_request_as_it_should_be_is_acted_on(functions: Functions, name: str) -> None:
    response = functions.handle(name, functions.request_of(name))
    assert isinstance(response, dict)
    check_targets(functions.world)


@given(changes)
@fuzz(40)
def test_a_direct_request(functions: Functions, change: tuple[str, int, Any]) -> None:
    name, number, value = change
    request = functions.request_of(name)
    possible = list(places(request))
    check_direct(functions, name, possible[number % len(possible)], value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_field_with_every_wrong_type(functions: Functions, name: str) -> None:
    for place in places(functions.request_of(name)):
        for value in WRONG_TYPES.values():
            check_direct(functions, name, place, value)


@pytest.mark.parametrize("depth", [900, 940, 960, 980, 2000])
def test_a_type_of_identifier_that_nothing_can_show(functions: Functions, depth: int) -> None:
    """JSON may be as deep as the parser's stack, and a look at it needs a little more."""
    request = functions.request_of("remove_identifier") | {"identifier_type": nested(depth)}
    assert isinstance(functions.outcome("remove_identifier", request), InvalidRequest)


def check_direct(functions: Functions, name: str, place: Place, value: object) -> None:
    world = functions.world
    functions.forget()
    outcome = functions.outcome(name, with_value(functions.request_of(name), place, value))
    if isinstance(outcome, InvalidRequest):
        check_refusal(place, value, outcome, world)
        assert world.double.requests == []
    else:
        assert may_be_let_through(name, place, value)
        assert isinstance(outcome, dict | NotAccepted)
        check_targets(world)
