"""Reads the contact IDs in a file of an export: CSV, gzip-compressed (observed; not documented)."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from contact_deletion.errors import BackupIncomplete, InvalidRequest
from contact_deletion.requests import validation

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ID_COLUMN = "CONTACT_ID"

_GZIP_MAGIC = b"\x1f\x8b"

# Characters. 500 custom fields of 1,000 characters have an eighth of it, and a gigabyte of zeros packs into a megabyte.
MAX_ROW = 4 * 1024 * 1024


def read_contact_ids(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The contact ID of each row that has one, as the 16 bytes of its UUID. Reads all chunks, which must not be empty.

    Raises BackupIncomplete where the file is not whole or not an export's.
    """
    stored = io.BufferedReader(ChunkReader(chunks))
    content = gzip.GzipFile(fileobj=stored) if stored.peek().startswith(_GZIP_MAGIC) else stored
    # Only the IDs are read, so text that is not UTF-8 is not an error.
    with io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace") as text:
        try:
            yield from _contact_ids(_rows(text))
        except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
            kind = type(error)
            raise BackupIncomplete(
                f"the export's file is broken ({kind.__module__}.{kind.__name__})"
            ) from None


def _contact_ids(rows: Iterator[list[str]]) -> Iterator[bytes]:
    header = next(rows, [])
    if _ID_COLUMN not in header:
        raise BackupIncomplete(f"the export's file has no column {_ID_COLUMN}")
    column = header.index(_ID_COLUMN)
    for row in rows:
        # Each member of a gzip file may have a header of its own.
        if len(row) > column and row[column] not in ("", _ID_COLUMN):
            yield _packed(row[column])


def _packed(contact_id: str) -> bytes:
    try:
        return bytes.fromhex(validation.contact_id(contact_id, _ID_COLUMN).replace("-", ""))
    except InvalidRequest:
        raise BackupIncomplete("the export's file has a contact ID that is not a UUID") from None


def _rows(text: io.TextIOBase) -> Iterator[list[str]]:
    """Raises BackupIncomplete where a row is too long for the memory."""
    room = MAX_ROW

    def lines() -> Iterator[str]:
        nonlocal room
        while line := text.readline(MAX_ROW + 1):
            room -= len(line)
            if room < 0:
                raise BackupIncomplete("the export's file has a row that is far too long")
            yield line

    for row in csv.reader(lines(), strict=True):
        room = MAX_ROW
        yield row


class ChunkReader(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fills the buffer as far as there are chunks, so that a peek into it does not depend on their sizes."""
        view, filled = memoryview(buffer), 0
        while filled < len(view) and (chunk := self._rest or next(self._chunks, b"")):
            room = len(view) - filled
            taken, self._rest = chunk[:room], chunk[room:]
            view[filled : filled + len(taken)] = taken
            filled += len(taken)
        return filled
