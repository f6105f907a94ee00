"""Reads the identifiers of the contacts in a file of SendGrid's export."""

import csv
from collections.abc import Iterator

from contact_deletion.contact_list.columns import CONTACT_ID, ColumnKind
from contact_deletion.contact_list.formats import opened, read_lines
from contact_deletion.errors import ListUnreadable


def read_identified_contacts(chunks: Iterator[bytes], kind: ColumnKind) -> Iterator[tuple[bytes, str]]:
    """The identifier of each contact that has one of this kind, and the text of its contact ID.

    Raises ListUnreadable where the file is broken, or has no such columns.
    """
    with opened(chunks) as (head, text):
        rows = csv.reader(read_lines(head, text), strict=True)
        try:
            header = next(rows)
            identifier, contact_id = kind.index(header, None), CONTACT_ID.index(header, None)
            if identifier is None or contact_id is None:
                raise ListUnreadable(f"the export of all contacts has no column {kind.names[0]}")
            for fields in rows:
                if len(fields) == len(header) and (value := kind.read(fields[identifier])) is not None:
                    yield value, fields[contact_id]
        except csv.Error:
            raise ListUnreadable(f"the export of all contacts is broken at line {rows.line_num}") from None
