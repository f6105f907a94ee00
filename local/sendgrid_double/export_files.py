"""The files of an export: gzip-compressed CSV, as observed, or JSON Lines.

Undocumented, and decided so: JSON Lines are compressed too, and have the columns of CSV in lower case; the
maximum size of a file is meant before compression; alternate addresses are separated by commas; custom fields are left
out.
"""

import csv
import gzip
import io
import json
import math
from collections.abc import Iterable, Iterator
from typing import Literal

from local.sendgrid_double.contacts import Contact
from local.sendgrid_double.timestamps import timestamp

FileType = Literal["csv", "json"]

COLUMNS = [
    *(
        "EMAIL",
        "FIRST_NAME",
        "LAST_NAME",
        "ADDRESS_LINE_1",
        "ADDRESS_LINE_2",
        "CITY",
        "STATE_PROVINCE_REGION",
    ),
    *("POSTAL_CODE", "COUNTRY", "ALTERNATE_EMAILS", "PHONE_NUMBER", "WHATSAPP", "LINE", "FACEBOOK"),
    *("UNIQUE_NAME", "PHONE_NUMBER_ID", "EXTERNAL_ID", "ANONYMOUS_ID", "CREATED_AT", "UPDATED_AT"),
    "CONTACT_ID",
]


def export_files(
    contacts: Iterable[Contact],
    file_type: FileType,
    max_bytes: int | None,
    max_contacts: int | None,
    member_contacts: int | None = None,
) -> list[bytes]:
    """The contacts in as many files as it takes, one at least; every CSV file has the header of its own.

    A file is larger than `max_bytes` only if its one contact is. It is one gzip member, or several of so many
    contacts at most, and then each has the header (which does not count for `max_bytes`).
    """
    header, to_bytes = (_csv_row(COLUMNS), _csv_record) if file_type == "csv" else (b"", _json_record)
    records = (to_bytes(_row(contact)) for contact in contacts)
    parts = _parts(records, (max_bytes or math.inf) - len(header), max_contacts or math.inf)
    return [b"".join(_members(part, header, member_contacts or len(part))) for part in parts]


def _members(records: list[bytes], header: bytes, at_most: int) -> Iterator[bytes]:
    for start in range(0, len(records) or 1, at_most or 1):
        member = header + b"".join(records[start : start + at_most])
        yield gzip.compress(member, compresslevel=1, mtime=0)


def _parts(records: Iterable[bytes], max_bytes: float, max_records: float) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for record in records:
        if part and (len(part) >= max_records or size + len(record) > max_bytes):
            yield part
            part, size = [], 0
        part.append(record)
        size += len(record)
    yield part


def _row(contact: Contact) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        **{name.upper(): value for name, value in contact.details.items()},
        "EMAIL": contact.email,
        "ALTERNATE_EMAILS": ",".join(contact.alternate_emails),
        "PHONE_NUMBER_ID": contact.phone_number_id,
        "EXTERNAL_ID": contact.external_id,
        "ANONYMOUS_ID": contact.anonymous_id,
        "CREATED_AT": timestamp(contact.created_at),
        "UPDATED_AT": timestamp(contact.updated_at),
        "CONTACT_ID": contact.id,
    }


def _csv_row(values: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode()


def _csv_record(row: dict[str, str]) -> bytes:
    return _csv_row(row.values())


def _json_record(row: dict[str, str]) -> bytes:
    return json.dumps({column.lower(): value for column, value in row.items()}).encode() + b"\n"
