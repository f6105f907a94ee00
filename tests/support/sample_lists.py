"""The files in events/lists/: one list, in every format that PrepareListFunction reads."""

import gzip
import json
from collections.abc import Sequence

from tests.support.events import contact_id

# Of the contacts in events/contacts.json. One is there twice, once in upper case; one is no ID.
IDS = [contact_id(1), contact_id(2).upper(), contact_id(10), "not-an-id", contact_id(2)]

PLAIN = "plain.csv"

# Its contacts are those of the addresses.
ADDRESSES = "addresses.csv"


def table(
    rows: Sequence[Sequence[str]], separator: str = ",", line_end: str = "\n", *, quotes_all: bool = False
) -> str:
    """The rows as CSV (RFC 4180). The standard library's writer does not quote every line end."""
    special = {separator, '"', "\r", "\n"}

    def written(field: str) -> str:
        return '"{}"'.format(field.replace('"', '""')) if quotes_all or special & set(field) else field

    return "".join(separator.join(map(written, row)) + line_end for row in rows)


def files() -> dict[str, bytes]:
    """What each file holds, by its name."""
    column = [["contact_id"], *([contact] for contact in IDS)]
    sheet = [
        ["Name", "Contact_ID", "Note"],
        *(["Zoë", contact, 'the "first"; or\nnot'] for contact in IDS),
        ["", "", ""],
    ]
    export = [
        ["EMAIL", "FIRST_NAME", "CONTACT_ID", "UPDATED_AT"],
        *([f"{number}@example.com", "Ada", contact, "2026-11-21"] for number, contact in enumerate(IDS)),
    ]
    members = [[export[0], *export[1:3]], [export[0], *export[3:]]]
    return {
        PLAIN: table(column).encode(),
        ADDRESSES: table(
            [["Email"], ["ada@example.com"], ["grace@example.com"], ["ADA@example.com"]]
        ).encode(),
        "sendgrid-export.csv.gz": gzip.compress(table(export, quotes_all=True).encode(), mtime=0),
        "joined-exports.csv.gz": b"".join(gzip.compress(table(part).encode(), mtime=0) for part in members),
        "spreadsheet.csv": table(sheet, ";", "\r\n").encode("utf-8-sig"),
        "spreadsheet-utf-16.txt": table(sheet, "\t", "\r\n").encode("utf-16"),
        "old-mac.csv": table(column, line_end="\r").encode(),
        "without-header.txt": "".join(f"{contact}\n" for contact in IDS).encode(),
        "json-lines.jsonl": "".join(json.dumps({"id": contact, "n": 1}) + "\n" for contact in IDS).encode(),
    }
