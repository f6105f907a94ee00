import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deliveries import QueueMessage
from contact_deletion.errors import InvalidRequest, LastIdentifier
from contact_deletion.responses.dead_letter import MAX_ATTRIBUTES, OVERFLOW, dead_letter, size_of
from tests.support.events import queue_arn

MIB = 1024 * 1024
REASONS = {"ErrorCode", "ErrorMessage", "SourceQueueArn"}

names = st.from_regex("[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True) | st.sampled_from(
    [*sorted(REASONS), OVERFLOW]
)
values = st.one_of(
    st.builds(lambda text: {"dataType": "String", "stringValue": text}, st.text(min_size=1)),
    st.builds(lambda number: {"dataType": "Number", "stringValue": str(number)}, st.integers()),
    st.builds(
        lambda data: {"dataType": "Binary", "binaryValue": base64.b64encode(data).decode()},
        st.binary(min_size=1),
    ),
).map(lambda value: {**value, "stringListValues": [], "binaryListValues": []})
producers_attributes = st.dictionaries(names, values, max_size=10)


def message(attributes: Mapping[str, Mapping[str, Any]], body: str = "{}") -> QueueMessage:
    return QueueMessage(
        message_id="1",
        receipt_handle="handle",
        queue_arn=queue_arn("BulkDeleteQueue"),
        receive_count=1,
        body=body,
        attributes=attributes,
    )


def letter_of(attributes: Mapping[str, Mapping[str, Any]], body: str = "{}") -> dict[str, Any]:
    return dead_letter(message(attributes, body), InvalidRequest("missing field: contact_ids"))


def text(value: str) -> dict[str, Any]:
    return {"dataType": "String", "stringValue": value}


def test_half_a_character_becomes_the_sign_for_none() -> None:
    letter = letter_of({"trace": text("a\ud83db")}, body="a\ude00b")
    assert letter["MessageBody"] == "a\ufffdb"
    assert letter["MessageAttributes"]["trace"]["StringValue"] == "a\ufffdb"


def test_it_says_why_and_whence() -> None:
    letter = dead_letter(message({}), LastIdentifier("the identifier is the contact's only one"))
    assert letter["MessageAttributes"] == {
        "ErrorCode": {"DataType": "String", "StringValue": "LastIdentifier"},
        "ErrorMessage": {"DataType": "String", "StringValue": "the identifier is the contact's only one"},
        "SourceQueueArn": {"DataType": "String", "StringValue": queue_arn("BulkDeleteQueue")},
    }


def test_the_producers_attributes_are_kept_with_their_types() -> None:
    attributes = letter_of(
        {
            "trace": text("x"),
            "priority": {"dataType": "Number", "stringValue": "7"},
            "count": {"dataType": "Number.int", "stringValue": "7"},
            "digest": {"dataType": "Binary", "binaryValue": base64.b64encode(b"\x00\xff").decode()},
        }
    )["MessageAttributes"]
    assert attributes["trace"] == {"DataType": "String", "StringValue": "x"}
    assert attributes["priority"] == {"DataType": "Number", "StringValue": "7"}
    assert attributes["count"] == {"DataType": "Number.int", "StringValue": "7"}
    assert attributes["digest"] == {"DataType": "Binary", "BinaryValue": b"\x00\xff"}


@pytest.mark.parametrize("name", sorted(REASONS))
def test_the_reasons_of_an_earlier_rejection_give_way(name: str) -> None:
    attributes = letter_of({name: text("of old")})["MessageAttributes"]
    assert attributes.keys() == REASONS
    assert attributes[name]["StringValue"] != "of old"


def test_what_finds_no_place_is_kept_in_one_attribute() -> None:
    own = {f"own{number}": text(str(number)) for number in range(8)}
    attributes = letter_of(own)["MessageAttributes"]
    assert attributes.keys() == REASONS | {OVERFLOW} | {f"own{number}" for number in range(6)}
    assert json.loads(attributes[OVERFLOW]["StringValue"]) == {"own6": text("6"), "own7": text("7")}
    own.pop("own7")
    assert letter_of(own)["MessageAttributes"].keys() == REASONS | own.keys()


@given(producers_attributes)
def test_every_attribute_of_the_producer_is_found_again_among_no_more_than_sqs_allows(
    own: dict[str, dict[str, Any]],
) -> None:
    attributes = letter_of(own)["MessageAttributes"]
    assert len(attributes) <= MAX_ATTRIBUTES
    assert attributes.keys() >= REASONS
    kept = {name: value for name, value in own.items() if name not in REASONS}
    overflow = {}
    if len(kept) > MAX_ATTRIBUTES - len(REASONS):
        overflow = json.loads(attributes[OVERFLOW]["StringValue"])
    for name, value in kept.items():
        if name in overflow:
            assert overflow[name] == value
        elif "binaryValue" in value:
            assert attributes[name]["BinaryValue"] == base64.b64decode(value["binaryValue"])
        else:
            assert attributes[name]["StringValue"] == value["stringValue"]


@pytest.mark.parametrize(
    ("own", "body"), [({f"own{number}": text(str(number)) for number in range(10)}, "{}"), ({}, "x" * MIB)]
)
def test_a_letter_that_is_sent_on_and_rejected_again_loses_no_more(own: dict[str, Any], body: str) -> None:
    once = letter_of(own, body)
    redriven = {name: text(value["StringValue"]) for name, value in once["MessageAttributes"].items()}
    assert letter_of(redriven, once["MessageBody"]) == once


@pytest.mark.parametrize("missing", [0, 1, 100])
@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_a_body_near_the_limit_loses_its_end(missing: int, character: str) -> None:
    body = character * ((MIB - missing) // len(character.encode()))
    letter = letter_of({"trace": text("y")}, body)

    assert MIB - 4 < size_of(letter) <= MIB
    assert body.startswith(letter["MessageBody"])
    assert letter["MessageAttributes"]["Truncated"]["StringValue"] == "MessageBody"
    assert letter["MessageAttributes"].keys() == REASONS | {"Truncated", "trace"}


def test_a_body_that_just_fits_stays_whole() -> None:
    body = "x" * (MIB - size_of(letter_of({}, "")))
    letter = letter_of({}, body)
    assert (letter["MessageBody"], size_of(letter)) == (body, MIB)
    assert letter["MessageAttributes"].keys() == REASONS


@pytest.mark.parametrize("binary", [False, True])
def test_the_longest_attribute_loses_its_end_where_the_body_is_short(binary: bool) -> None:
    value = b"v" * (MIB - 100)
    long = (
        {"dataType": "Binary", "binaryValue": base64.b64encode(value).decode()}
        if binary
        else text(value.decode())
    )
    letter = letter_of({"long": long, "short": text("x" * 20)}, '{"contact_ids": []}')

    attributes = letter["MessageAttributes"]
    kept = attributes["long"]["BinaryValue" if binary else "StringValue"]
    assert size_of(letter) == MIB
    assert letter["MessageBody"] == '{"contact_ids": []}'
    assert value.startswith(kept if binary else kept.encode())
    assert attributes["short"]["StringValue"] == "x" * 20
    assert attributes["Truncated"]["StringValue"] == "long"


def test_attributes_that_grow_where_they_find_no_place_are_truncated_too() -> None:
    own = {f"own{number}": text("é" * 50_000) for number in range(10)}
    letter = letter_of(own)
    assert MIB - 4 < size_of(letter) <= MIB
    assert letter["MessageAttributes"]["Truncated"]["StringValue"] == OVERFLOW
    assert len(letter["MessageAttributes"]) == MAX_ATTRIBUTES


def test_the_size_is_that_of_body_and_attributes_in_bytes() -> None:
    letter = {
        "MessageBody": "é",
        "MessageAttributes": {
            "name": {"DataType": "String", "StringValue": "ü"},
            "data": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    }
    assert size_of(letter) == 2 + (4 + 6 + 2) + (4 + 6 + 2)
