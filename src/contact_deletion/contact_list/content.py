"""Reads the content of a list as text: plain or gzip-compressed, in UTF-8 or UTF-16."""

import gzip
import io
from collections.abc import Iterator

from contact_deletion.backup.contact_ids import ChunkReader
from contact_deletion.errors import ListUnreadable

# Bytes that are read at a time, here and from S3: buffers of one size are passed on without a copy.
CHUNK_BYTES = 256 * 1024

_GZIP = b"\x1f\x8b"

# By the first bytes, of which the last entry needs none.
_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"": "utf-8"}

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


def open_text(chunks: Iterator[bytes]) -> io.TextIOWrapper:
    """The content of a file as text, with a line feed at the end of every line. Only IDs are read, so bytes that are
    not valid in the encoding are not an error.

    Raises ListUnreadable where the file is not text. Reading it raises EOFError, zlib.error or gzip.BadGzipFile where
    the compression is broken.
    """
    content = _buffered(ChunkReader(chunks))
    if content.peek().startswith(_GZIP):
        content = _buffered(gzip.GzipFile(fileobj=content))
        if content.peek().startswith(_GZIP):
            raise ListUnreadable("the list is compressed twice")
    head = content.peek()
    for magic, what in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise ListUnreadable(f"the list is {what}, not CSV or JSON Lines")
    encoding = next(name for mark, name in _ENCODINGS.items() if head.startswith(mark))
    return io.TextIOWrapper(content, encoding, errors="replace")


def _buffered(content: ChunkReader | gzip.GzipFile) -> io.BufferedReader:
    return io.BufferedReader(content, CHUNK_BYTES)
