"""Counts the contacts in a file of an export: CSV, gzip-compressed (observed; not documented)."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from contact_deletion.errors import BackupIncomplete

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ID_COLUMN = "CONTACT_ID"

_GZIP_MAGIC = b"\x1f\x8b"

MAX_ROW = 4 * 1024 * 1024
"""Characters. 500 custom fields of 1,000 characters have an eighth of it, and a gigabyte of zeros packs into a
megabyte.
"""


def count_contacts(chunks: Iterator[bytes]) -> int:
    """How many rows name a contact. Reads all chunks, none of which is empty, and keeps none.

    Raises BackupIncomplete where the file is not whole or not an export's.
    """
    head = b""
    while len(head) < len(_GZIP_MAGIC) and (chunk := next(chunks, b"")):
        head += chunk
    stored = io.BufferedReader(_ChunkReader(chain([head], chunks)))
    content = gzip.GzipFile(fileobj=stored) if head.startswith(_GZIP_MAGIC) else stored
    # Only ids are looked at, so text that is no UTF-8 is no reason to refuse a backup.
    with io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="") as text:
        try:
            return _count(_rows(text))
        except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
            kind = type(error)
            raise BackupIncomplete(
                f"the export's file is broken ({kind.__module__}.{kind.__name__})"
            ) from None


def _count(rows: Iterator[list[str]]) -> int:
    header = next(rows, [])
    if _ID_COLUMN not in header:
        raise BackupIncomplete(f"the export's file has no column {_ID_COLUMN}")
    column = header.index(_ID_COLUMN)
    return sum(len(row) > column and row[column] != "" for row in rows)


def _rows(text: io.TextIOBase) -> Iterator[list[str]]:
    """Raises BackupIncomplete where a row is not one that memory could hold."""
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


class _ChunkReader(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        self._rest = self._rest or next(self._chunks, b"")
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)
