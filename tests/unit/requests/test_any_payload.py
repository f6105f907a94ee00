"""What holds for the requests of all three functions, whatever a producer sends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import account_deletion, bulk_deletion, identifier_removal
from contact_deletion.requests.base import DeletionRequest
from tests.support import events
from tests.unit import strategies

Parse = Callable[[object], DeletionRequest]

BULK_DELETE: dict[str, Any] = {"contact_ids": [events.contact_id(1)]}
DELETE_ALL: dict[str, Any] = events.delete_all("2026-11-21T12:00:00+00:00")
REMOVE_IDENTIFIER: dict[str, Any] = events.remove_identifier(events.contact_id(1), "EMAIL", "a@example.com")

KINDS = [
    pytest.param(bulk_deletion.parse, BULK_DELETE, id="bulk_delete"),
    pytest.param(account_deletion.parse, DELETE_ALL, id="delete_all"),
    pytest.param(identifier_removal.parse, REMOVE_IDENTIFIER, id="remove_identifier"),
]
every_kind = pytest.mark.parametrize(("parse", "valid"), KINDS)

near_valid = st.one_of(
    st.tuples(
        st.just(bulk_deletion.parse),
        strategies.requests_with({"contact_ids": st.lists(strategies.mostly(strategies.contact_ids))}),
    ),
    st.tuples(
        st.just(account_deletion.parse),
        strategies.requests_with(
            {
                "confirm": st.text(),
                "requested_at": st.datetimes(timezones=st.timezones()).map(str),
                "max_contacts": st.integers(),
            }
        ),
    ),
    st.tuples(
        st.just(identifier_removal.parse),
        strategies.requests_with(
            {
                "contact_id": strategies.contact_ids,
                "identifier_type": st.sampled_from(["EMAIL", "PHONENUMBERID", "EXTERNALID", "ANONYMOUSID"]),
                "identifier_value": st.text(),
            }
        ),
    ),
)


def parsed(parse: Parse, payload: object) -> DeletionRequest | InvalidRequest:
    try:
        return parse(payload)
    except InvalidRequest as invalid:
        return invalid


@given(near_valid)
def test_any_json_is_a_valid_request_or_an_invalid_one_whose_message_holds_no_value(
    parse_and_payload: tuple[Parse, Any],
) -> None:
    parse, payload = parse_and_payload
    request = parsed(parse, payload)
    if isinstance(request, InvalidRequest):
        assert request.message.isascii()
        assert strategies.PLANTED not in request.message
    else:
        assert request.request_id == payload.get("request_id")
        assert request.task_token == payload.get("task_token")
        assert not {"request_id", "task_token"} & request.content.keys()


@every_kind
def test_the_example_is_valid(parse: Parse, valid: dict[str, Any]) -> None:
    assert parse(valid).content


@every_kind
@pytest.mark.parametrize("payload", [None, True, 3, 2.5, "text", [], [{}]], ids=repr)
def test_a_request_is_an_object(parse: Parse, valid: dict[str, Any], payload: object) -> None:
    with pytest.raises(InvalidRequest, match="JSON object"):
        parse(payload)


@pytest.mark.parametrize(
    ("parse", "valid", "name"),
    [
        pytest.param(*kind.values, name, id=f"{kind.id}-{name}")
        for kind in KINDS
        for name in kind.values[1]  # type: ignore[union-attr]
    ],
)
def test_a_missing_field_is_named(parse: Parse, valid: dict[str, Any], name: str) -> None:
    payload = {given: value for given, value in valid.items() if given != name}
    with pytest.raises(InvalidRequest, match=f"missing field: {name}"):
        parse(payload)


@every_kind
def test_an_unknown_field_is_named(parse: Parse, valid: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="unknown field: surprise"):
        parse(valid | {"surprise": 1})


@every_kind
@pytest.mark.parametrize("name", ["a@example.com", "555 0100", "", "x" * 65, "straße"])
def test_a_field_name_that_may_be_a_value_is_not_echoed(
    parse: Parse, valid: dict[str, Any], name: str
) -> None:
    with pytest.raises(InvalidRequest, match=r"^unknown field: \(not a plain name\)$"):
        parse(valid | {name: 1})


@every_kind
def test_of_many_unknown_fields_only_some_are_named(parse: Parse, valid: dict[str, Any]) -> None:
    names = ["a" * number for number in range(1, 21)]
    with pytest.raises(InvalidRequest) as raised:
        parse(valid | dict.fromkeys(names))
    assert raised.value.message == "unknown field: a, aa, aaa, aaaa, aaaaa"


@every_kind
@pytest.mark.parametrize("request_id", ["a", "A-z_0.9:x", "x" * 128])
def test_a_request_id_is_kept(parse: Parse, valid: dict[str, Any], request_id: str) -> None:
    assert parse(valid | {"request_id": request_id}).request_id == request_id


@every_kind
@pytest.mark.parametrize(
    "request_id", ["", "x" * 129, "a b", "a\n", "é", "a/b", "٣", 1, None, ["a"]], ids=repr
)
def test_a_bad_request_id_is_invalid(parse: Parse, valid: dict[str, Any], request_id: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^request_id must be"):
        parse(valid | {"request_id": request_id})


@every_kind
@pytest.mark.parametrize("task_token", ["a", "AAAA/+=", "x" * 2048])
def test_a_task_token_is_kept_but_never_shown(parse: Parse, valid: dict[str, Any], task_token: str) -> None:
    request = parse(valid | {"task_token": task_token})
    assert request.task_token == task_token
    assert f"task_token={task_token!r}" not in repr(request)


@every_kind
@pytest.mark.parametrize("task_token", ["", "x" * 2049, "a b", "a\n", "é", 1, None], ids=repr)
def test_a_bad_task_token_is_invalid(parse: Parse, valid: dict[str, Any], task_token: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^task_token must be"):
        parse(valid | {"task_token": task_token})


@every_kind
def test_content_does_not_depend_on_the_envelope(parse: Parse, valid: dict[str, Any]) -> None:
    one = parse(valid | {"request_id": "one", "task_token": "first"})
    other = parse(valid | {"request_id": "other", "task_token": "second"})
    assert one.content == other.content
