"""Finds out the format of a list, and reads its rows: CSV with any of three separators, JSON Lines, or an ID a line."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

from contact_deletion.contact_list.columns import BLANKS, CONTACT_ID, IDENTIFIERS, ColumnKind
from contact_deletion.contact_list.content import open_text
from contact_deletion.errors import ListUnreadable
from contact_deletion.requests.identifiers import IdentifierType

# What a record is: the value of an accepted row, the reason for which a row is rejected, or None where it is no row (a
# header or a blank line).
Record = bytes | str | None

# Characters in which the header, or a first row, must end. A header of 500 fields of 100 characters has a fifth of it.
_HEAD = 256 * 1024

# Characters. 500 custom fields of 1,000 characters have an eighth of it.
_MAX_LINE = 4 * 1024 * 1024

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def read_records(chunks: Iterator[bytes], kind: ColumnKind, column_name: str | None) -> Iterator[Record]:
    """Every record of a file, in order. The column is the one with this name, or else a usual one.

    Raises ListUnreadable where the file has another format.
    """
    with opened(chunks) as (head, text):
        read = _json_lines if _is_json(head) else _delimited
        yield from read(head, read_lines(head, text), kind, column_name)


def find_identifier_type(chunks: Iterator[bytes]) -> IdentifierType | None:
    """The type of the identifiers by which a file names its contacts, or None where it names them by their IDs.

    Raises ListUnreadable where the file has another format, or identifiers of several types.
    """
    with opened(chunks) as (head, _):
        headers = (
            [list(_json_object(line) or ()) for line in io.StringIO(head)]
            if _is_json(head)
            else [_first_row(head, separator) for separator in _SEPARATORS]
        )
    if any(CONTACT_ID.index(header, None) is not None for header in headers):
        return None
    found = [
        identifier_type
        for identifier_type, kind in IDENTIFIERS.items()
        if any(kind.index(header, None) is not None for header in headers)
    ]
    if len(found) > 1:
        names = ", ".join(IDENTIFIERS[identifier_type].names[0] for identifier_type in found)
        raise ListUnreadable(
            f"the list has columns of several identifiers, {names}; name one as identifier_type"
        )
    return found[0] if found else None


def _is_json(head: str) -> bool:
    return head.lstrip(BLANKS).startswith("{")


@contextmanager
def opened(chunks: Iterator[bytes]) -> Iterator[tuple[str, io.TextIOWrapper]]:
    """The beginning of a file, and the text after it."""
    try:
        with open_text(chunks) as text:
            head = text.read(_HEAD) + text.readline(_MAX_LINE)
            beginning = head.lstrip(BLANKS)[:1]
            if not beginning:
                raise ListUnreadable("the list is empty")
            if "\0" in head:
                raise ListUnreadable("the list is not text in UTF-8, or in UTF-16 with a byte order mark")
            if beginning == "[":
                raise ListUnreadable("the list is a JSON array; JSON Lines have one object a line")
            yield head, text
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ListUnreadable("the list's gzip compression is broken, or the file is cut off") from None


def read_lines(head: str, text: io.TextIOWrapper) -> Iterator[str]:
    for line in chain(io.StringIO(head), iter(partial(text.readline, _MAX_LINE), "")):
        if len(line) >= _MAX_LINE:
            raise ListUnreadable(f"the list has a line of {_MAX_LINE} characters or more")
        # Files that were joined have byte order marks within, before a quoted header too.
        yield line.removeprefix("\ufeff")


def _delimited(
    head: str, lines: Iterator[str], kind: ColumnKind, column_name: str | None
) -> Iterator[Record]:
    separator, header, column = _layout(head, kind, column_name)
    read, width = kind.read, max(1, len(header))
    repeated_header = read(header[column]) if header else None
    records = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for fields in records:
            value = read(fields[column]) if column < len(fields) <= width else None
            if value is None or value == repeated_header:
                yield _other_record(_stripped(fields), kind, header, column)
            else:
                yield value
    except csv.Error:
        raise ListUnreadable(
            f"the quotes in or before line {records.line_num} are wrong, or a field there is too long"
        ) from None


def _other_record(fields: list[str], kind: ColumnKind, header: list[str], column: int) -> Record:
    """A record whose value is not at its place as it should be.

    More fields than the header has are a sign of a separator that is not quoted, by which others are out of place.
    Files that were joined repeat the header.
    """
    if not any(fields) or fields == header:
        return None
    if any(fields[max(1, len(header)) :]):
        return "more fields than the header"
    if not any(fields[column : column + 1]):
        return f"no {kind.value}"
    return kind.read(fields[column]) or f"not a valid {kind.value}"


def _layout(head: str, kind: ColumnKind, column_name: str | None) -> tuple[str, list[str], int]:
    """The separator, the header and the position of the column. The header of a list of IDs alone is empty."""
    headers = {separator: _first_row(head, separator) for separator in _SEPARATORS}
    found = {
        separator: index
        for separator, header in headers.items()
        if (index := kind.index(header, column_name)) is not None
    }
    if found:
        separator = max(found, key=lambda each: len(headers[each]))
        return separator, headers[separator], found[separator]
    separator, header = max(headers.items(), key=lambda each: len(each[1]))
    if not column_name and kind.is_distinct and any(map(kind.read, header)):
        if kind.read(header[0]) and not any(header[1:]):
            return separator, [], 0
        raise ListUnreadable(f"the list has no header: its first row has a {kind.value} and other fields")
    # Nothing of the row is shown, since without a header it has values.
    raise ListUnreadable(
        f"the list has no column {_wanted(kind, column_name)}: its first row has {len(header)} fields, "
        f"separated by {_SEPARATORS[separator]}"
    )


def _wanted(kind: ColumnKind, column_name: str | None) -> str:
    if column_name:
        return "with the name in id_column"
    names = kind.names
    if kind is CONTACT_ID:
        names += tuple(name for identifier in IDENTIFIERS.values() for name in identifier.names)
    return " or ".join(names)


def _first_row(head: str, separator: str) -> list[str]:
    """The first row that is not blank. It is empty where the separator does not fit the quotes."""
    records = csv.reader(io.StringIO(head), delimiter=separator, strict=True)
    try:
        return next((fields for record in records if any(fields := _stripped(record))), [])
    except csv.Error:
        return []


def _stripped(fields: Sequence[str]) -> list[str]:
    return [field.strip(BLANKS) for field in fields]


def _json_lines(
    head: str, lines: Iterator[str], kind: ColumnKind, column_name: str | None
) -> Iterator[Record]:
    column = _column_of_objects(head, kind, column_name)
    for line in lines:
        row = _json_object(line)
        value = row.get(column) if row else None
        text = value.strip(BLANKS) if isinstance(value, str) else value
        if not line.strip(BLANKS):
            yield None
        elif row is None:
            yield "not a JSON object"
        elif text in (None, ""):
            yield f"no {kind.value}"
        else:
            yield (kind.read(text) if isinstance(text, str) else None) or f"not a valid {kind.value}"


def _column_of_objects(head: str, kind: ColumnKind, column_name: str | None) -> str:
    """The field of the first object that has one."""
    for line in io.StringIO(head):
        names = list(_json_object(line) or ())
        index = kind.index(names, column_name)
        if index is not None:
            return names[index]
    raise ListUnreadable(
        f"the list is JSON Lines, and its first lines have no field {_wanted(kind, column_name)}"
    )


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line.strip(BLANKS))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
