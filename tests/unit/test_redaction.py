import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_deletion.sendgrid.redaction import MASK, MAX_LENGTH, redact
from tests.unit import strategies

around = st.text(max_size=60)

phone_numbers = st.sampled_from(
    ["+15555550100", "15555550100", "(555) 555-0100", "+1 555 555 0100", "555.555.0100", "00 1 555-555-0100"]
)

api_keys = st.builds(
    lambda first, second: f"SG.{first}.{second}",
    st.from_regex("[A-Za-z_-]{22}", fullmatch=True),
    st.from_regex("[A-Za-z_-]{43}", fullmatch=True),
)


@given(around, st.emails() | phone_numbers | api_keys | strategies.uuid_texts, around)
def test_no_address_number_or_key_survives(before: str, value: str, after: str) -> None:
    redacted = redact(before + value + after)
    assert value not in redacted
    assert not re.search(r"[@\d]", redacted)
    assert not re.search(r"\S{25}", redacted)


@given(
    around, strategies.any_text.filter(bool), around, st.lists(strategies.any_text.filter(bool), max_size=2)
)
def test_no_known_value_survives(before: str, value: str, after: str, others: list[str]) -> None:
    redacted = redact(before + value + after, [*others, value])
    assert redacted == MASK or value.casefold() not in redacted.casefold()


@pytest.mark.parametrize(
    "text",
    [
        *("no Jane Doe here", "no JANE DOE here", "no jane\ndoe here", "no Jane   Doe here"),
        "jAnE dOe" + "!" * 300,
    ],
)
def test_a_known_value_survives_neither_in_another_case_nor_on_two_lines(text: str) -> None:
    assert redact(text, ["Jane Doe"]) == MASK


@given(strategies.any_text | st.text(min_size=150), st.lists(st.text(min_size=1), max_size=2))
@example("\ud800", [])
@example("\x00", [])
def test_what_is_left_is_short_and_can_be_a_message_attribute(text: str, known_values: list[str]) -> None:
    """SQS takes a call's characters only from tab, newline, carriage return and what XML 1.0 has from the space on."""
    redacted = redact(text, known_values)
    assert len(redacted) <= MAX_LENGTH
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", redacted)


@pytest.mark.parametrize(
    "message",
    [
        "either 'ids' OR 'delete_all_contacts' should be supplied as query param",
        "The provided authorization grant is invalid, expired, or revoked",
        "access forbidden",
        "authorization required",
        "contact not found",
        "invalid contact id",
        "missing Accept header",
        "should be one of EMAIL, PHONENUMBERID, EXTERNALID, ANONYMOUSID",
    ],
)
def test_what_sendgrid_usually_says_stays_readable(message: str) -> None:
    assert redact(message, ["jane@example.com"]) == message


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param(
            "the address jane@example.com is not valid",
            "the address *** is not valid",
            id="the words around stay",
        ),
        pytest.param("  one\n\ttwo\r\n three ", "one two three", id="lines become one"),
        pytest.param("(~) ist ungültig\x07", "(~) ist ung?ltig?", id="a question mark beyond ASCII"),
        pytest.param(f"{'x' * 24} nor {'y' * 25}", f"{'x' * 24} nor ***", id="a word as long as a token"),
        pytest.param("word " * 100, "word " * 40, id="a long text is cut"),
    ],
)
def test_what_is_masked_and_what_stays(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_no_text_stays_no_text() -> None:
    assert redact("", ["jane@example.com"]) == ""
