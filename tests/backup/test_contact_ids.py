"""The contact IDs in a file of an export."""

import csv
import gzip
import io
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.backup import contact_ids
from contact_deletion.backup.contact_ids import read_contact_ids
from contact_deletion.errors import BackupIncomplete
from tests.backup.support import HEADER, file_of, row_of
from tests.support.events import contact_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
rows_of_export = st.lists(
    st.tuples(texts, st.sampled_from(["", "CONTACT_ID", contact_id(1), contact_id(2).upper()])), max_size=20
)


def chunks_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def ids(data: bytes) -> list[str]:
    return [str(uuid.UUID(bytes=packed)) for packed in read_contact_ids(chunks_of(data, 10))]


def count(data: bytes) -> int:
    return len(ids(data))


@given(rows_of_export, st.booleans(), st.integers(1, 100))
def test_every_row_that_names_a_contact_is_read_whatever_its_other_fields_hold(
    rows: list[tuple[str, str]], compressed: bool, chunk_size: int
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("FIRST_NAME", "CONTACT_ID"), *rows])
    data = text.getvalue().encode()

    found = read_contact_ids(chunks_of(gzip.compress(data) if compressed else data, chunk_size))

    named = [uuid.UUID(value).bytes for _, value in rows if value not in ("", "CONTACT_ID")]
    assert list(found) == named


@given(st.data())
def test_a_gzip_stream_that_ends_early_is_incomplete(data: st.DataObject) -> None:
    whole = file_of(50)
    length = data.draw(st.integers(2, len(whole) - 1))

    with pytest.raises(BackupIncomplete):
        count(whole[:length])


@given(st.data())
def test_a_damaged_gzip_stream_is_incomplete_or_loses_nothing(data: st.DataObject) -> None:
    whole = bytearray(file_of(50))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))

    try:
        found = count(bytes(whole))
    except BackupIncomplete:
        return
    assert found == 50


def test_a_gzip_stream_may_have_several_members() -> None:
    assert ids(file_of(3) + gzip.compress(row_of(9))) == [contact_id(n) for n in (0, 1, 2, 9)]


def test_each_member_may_have_a_header_of_its_own() -> None:
    assert ids(file_of(1) + file_of(0) + file_of(2)) == [contact_id(n) for n in (0, 0, 1)]


@pytest.mark.parametrize(
    "row",
    [
        b"ada@example.com,contact-1,2026\n",
        b"ada@example.com, ,2026\n",
        b"CONTACT_ID,EMAIL,UPDATED_AT\n",
        row_of(1).replace(b"-", b""),
    ],
)
def test_an_id_that_is_not_a_uuid_makes_the_file_none_of_an_export(row: bytes) -> None:
    with pytest.raises(BackupIncomplete, match="not a UUID") as caught:
        count(file_of(1) + gzip.compress(row))

    assert caught.value.__suppress_context__


@pytest.mark.parametrize("garbage", [b"x", b"garbage after the end", b"\x1f\x8b", b"\x00\x00x"])
def test_garbage_after_a_gzip_stream_is_incomplete(garbage: bytes) -> None:
    with pytest.raises(BackupIncomplete, match="broken"):
        count(file_of(3) + garbage)


def test_wrong_data_in_a_gzip_stream_are_incomplete() -> None:
    whole = bytearray(file_of(3))
    whole[-8] ^= 1  # of the CRC

    with pytest.raises(BackupIncomplete, match="BadGzipFile"):
        count(bytes(whole))


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"EMAIL\nada@example.com\n", b'{"contact_id": "contact-1"}\n', b"<html></html>"],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_without_ids_of_contacts_is_incomplete(data: bytes, compressed: bool) -> None:
    with pytest.raises(BackupIncomplete, match="CONTACT_ID"):
        count(gzip.compress(data) if compressed else data)


@pytest.mark.parametrize("rows", [b'"never closed,' + row_of(1), b'"ada" lovelace,x,2026\n', b"a" * 200_000])
def test_a_file_that_is_no_csv_is_incomplete(rows: bytes) -> None:
    with pytest.raises(BackupIncomplete, match="broken"):
        count(gzip.compress(HEADER + rows))


@pytest.mark.parametrize("lines", [1, 4])
def test_a_row_may_have_a_number_of_characters_and_no_more(
    monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    monkeypatch.setattr(contact_ids, "MAX_ROW", 100)
    end = f",{contact_id(1)},2026\n"
    text = "\n".join(["x" * 7] * (lines - 1))
    longest = '"' + text.ljust(98 - len(end), "x") + '"' + end
    assert len(longest) == 100

    assert count(HEADER + longest.encode() * 3) == 3
    with pytest.raises(BackupIncomplete, match="far too long"):
        count(HEADER + longest.replace("x", "xx", 1).encode())


def test_a_file_with_its_header_alone_has_no_contacts() -> None:
    assert count(file_of(0)) == 0


def test_rows_that_are_empty_or_too_short_do_not_count() -> None:
    assert count(HEADER + b"\nada@example.com\n\n" + row_of(1)) == 1


def test_a_byte_order_mark_does_not_hide_the_first_column() -> None:
    assert ids(f"\ufeffCONTACT_ID,EMAIL\n{contact_id(1)},ada@example.com\n".encode()) == [contact_id(1)]


def test_text_that_is_no_utf_8_is_no_reason_to_refuse() -> None:
    assert ids(HEADER + b"\xff\xfe" + row_of(1)) == [contact_id(1)]
