from datetime import UTC, datetime

import pytest

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests.account_deletion import parse
from tests.support import events

NOON = "2026-11-21T12:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        *(NOON, "2026-11-21T12:00:00Z", "2026-11-21T13:00:00+01:00"),
        *("2026-11-21 07:00:00.000-05:00", "20261121T120000Z"),
    ],
)
def test_requested_at_is_read_with_its_offset(text: str) -> None:
    request = parse(events.delete_all(text))
    assert request.requested_at == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert request.requested_at.utcoffset() is not None


@pytest.mark.parametrize(
    "bad",
    [
        *("", "now", "2026-11-21T12:00:00", "2026-11-21", "2026-13-01T00:00:00Z", "1795262400"),
        *(1795262400, None, [NOON]),
    ],
    ids=repr,
)
def test_requested_at_without_date_time_and_offset_is_invalid(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^requested_at must be an ISO 8601"):
        parse(events.delete_all(NOON) | {"requested_at": bad})


@pytest.mark.parametrize("most", [1, 25_000, 10**18])
def test_max_contacts_is_kept(most: int) -> None:
    assert parse(events.delete_all(NOON, max_contacts=most)).max_contacts == most


@pytest.mark.parametrize("bad", [0, -1, 1.0, 1e999, float("nan"), True, "25000", None, []], ids=repr)
def test_max_contacts_is_a_whole_number_from_1(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^max_contacts must be a whole number from 1$"):
        parse(events.delete_all(NOON, max_contacts=bad))


@pytest.mark.parametrize("phrase", ["Delete All Contacts", "delete all contacts", ""])
def test_the_phrase_is_kept_as_it_was_typed(phrase: str) -> None:
    assert parse(events.delete_all(NOON, confirm=phrase)).confirm == phrase


@pytest.mark.parametrize("bad", [True, None, 1, ["Delete All Contacts"]], ids=repr)
def test_the_phrase_is_text(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^confirm must be text$"):
        parse(events.delete_all(NOON, confirm=bad))


@pytest.mark.parametrize(
    "change", [{"confirm": "x"}, {"max_contacts": 1}, {"requested_at": "2026-11-21T12:00:01+00:00"}], ids=str
)
def test_what_is_asked_for_is_part_of_the_content(change: dict[str, object]) -> None:
    one = parse(events.delete_all(NOON))
    assert one.content != parse(events.delete_all(NOON) | change).content


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59+00:00", "9999-01-01T00:00:00+00:00"]
)
def test_a_year_that_cannot_be_reckoned_with_is_invalid(moment: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^requested_at must .* from the years 1970 to 9998$"):
        parse(events.delete_all(moment))
