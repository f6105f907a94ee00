"""Reads the content of a list as text: plain or gzip-compressed, in UTF-8 or UTF-16."""

import gzip
import io
from collections.abc import Iterator
from functools import partial

from contact_deletion.backup.contact_ids import ChunkReader, peek
from contact_deletion.errors import ListUnreadable

# Bytes that are read at a time, here and from S3: buffers of one size are passed on without a copy.
CHUNK_BYTES = 256 * 1024

_GZIP = b"\x1f\x8b"

_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

# Beginnings of files that people may take for a list.
_OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"\xfd7zX": "compressed with xz",
    b"\xff\xfe\0\0": "text in UTF-32",
    b"\0\0\xfe\xff": "text in UTF-32",
}

_MAGIC_BYTES = 4


def open_text(chunks: Iterator[bytes]) -> io.TextIOWrapper:
    """The content of a file as text with its own line ends. Reading it raises EOFError, zlib.error or gzip.BadGzipFile
    where the compression is broken.

    Only IDs are read, so bytes that are not valid in the encoding are not an error. Raises ListUnreadable.
    """
    head, chunks = peek(chunks, _MAGIC_BYTES)
    if head.startswith(_GZIP):
        stored = gzip.GzipFile(fileobj=_buffered(chunks))
        head, chunks = peek(iter(partial(stored.read, CHUNK_BYTES), b""), _MAGIC_BYTES)
        if head.startswith(_GZIP):
            raise ListUnreadable("the list is compressed twice")
    for magic, what in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise ListUnreadable(f"the list is {what}, not CSV or JSON Lines")
    encoding = next((name for mark, name in _ENCODINGS.items() if head.startswith(mark)), "utf-8")
    return io.TextIOWrapper(_buffered(chunks), encoding, errors="replace", newline="")


def _buffered(chunks: Iterator[bytes]) -> io.BufferedReader:
    return io.BufferedReader(ChunkReader(chunks), CHUNK_BYTES)
