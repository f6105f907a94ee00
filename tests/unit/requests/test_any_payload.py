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
BY_IDENTIFIERS: dict[str, Any] = events.delete_by_identifiers(["a@example.com"])
DELETE_ALL: dict[str, Any] = events.delete_all("2026-11-21T12:00:00+00:00")
REMOVE_IDENTIFIER: dict[str, Any] = events.remove_identifier(events.contact_id(1), "EMAIL", "a@example.com")

KINDS = [
    pytest.param(bulk_deletion.parse, BULK_DELETE, id="bulk_delete"),
    pytest.param(bulk_deletion.parse, BY_IDENTIFIERS, id="by_identifiers"),
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
        st.just(bulk_deletion.parse),
        strategies.requests_with(
            {
                "identifier_type": st.sampled_from(["EMAIL", "PHONENUMBERID", "EXTERNALID", "ANONYMOUSID"]),
                "identifier_values": st.lists(strategies.mostly(st.text()), min_size=1, max_size=3),
                "match_alternate_emails": st.booleans(),
            }
        ),
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
@pytest.mark.parametrize(
    ("names", "named"),
    [
        *(([name], "(not a plain name)") for name in ("a@example.com", "555 0100", "", "x" * 65, "straße")),
        (["surprise"], "surprise"),
        (["a" * number for number in range(1, 21)], "a, aa, aaa, aaaa, aaaaa"),
    ],
)
def test_some_unknown_fields_are_named_where_their_names_cannot_be_values(
    parse: Parse, valid: dict[str, Any], names: list[str], named: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse(valid | dict.fromkeys(names, 1))
    assert raised.value.message == f"unknown field: {named}"


@every_kind
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("request_id", value) for value in ("a", "A-z_0.9:x", "x" * 128)),
        *(("task_token", value) for value in ("a", "AAAA/+=", "x" * 2048)),
    ],
)
def test_the_envelope_is_kept_and_the_token_never_shown(
    parse: Parse, valid: dict[str, Any], field: str, value: str
) -> None:
    request = parse(valid | {field: value})
    assert getattr(request, field) == value
    assert f"task_token={value!r}" not in repr(request)


@every_kind
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("request_id", bad) for bad in ("", "x" * 129, "a b", "a\n", "é", "a/b", "٣", 1, None, ["a"])),
        *(("task_token", bad) for bad in ("", "x" * 2049, "a b", "a\n", "é", 1, None)),
    ],
    ids=repr,
)
def test_a_bad_envelope_is_invalid(parse: Parse, valid: dict[str, Any], field: str, value: object) -> None:
    with pytest.raises(InvalidRequest, match=f"^{field} must be"):
        parse(valid | {field: value})


@every_kind
def test_content_does_not_depend_on_the_envelope(parse: Parse, valid: dict[str, Any]) -> None:
    one = parse(valid | {"request_id": "one", "task_token": "first"})
    other = parse(valid | {"request_id": "other", "task_token": "second"})
    assert one.content == other.content
