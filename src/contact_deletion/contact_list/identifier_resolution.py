"""Finds the contacts of a list of identifiers: by searches for a small list, in an export for a large one."""

import json
from collections.abc import Collection, Set
from dataclasses import dataclass, replace
from typing import Literal

from contact_deletion.contact_list.batches import merged
from contact_deletion.contact_list.columns import CONTACT_ID, IDENTIFIERS
from contact_deletion.contact_list.exported_contacts import read_identified_contacts
from contact_deletion.contact_list.folder import Folder, found_name, identifiers_name, ids_name, rejected_name
from contact_deletion.contact_list.identifier_hashes import IdentifierHashes
from contact_deletion.contact_list.reading import ListReader
from contact_deletion.deadline import Deadline
from contact_deletion.deletion.identifier_search import TOO_MANY_REFUSED, Answer, Hit, IdentifierSearch
from contact_deletion.errors import Deferred, Failure, InvalidRequest, ListUnreadable
from contact_deletion.requests.identifiers import IdentifierType
from contact_deletion.requests.list_preparation import Progress, StoredFile
from contact_deletion.requests.resolution import INVALID, NOT_FOUND
from contact_deletion.sendgrid.client import SendGridClient

# 200 searches, which the rate limit of searches that was observed allows in a minute; twice as many where addresses are
# searched for among the alternate ones, too. An export takes minutes, however few identifiers are looked for in it.
MAX_SEARCHED = 20_000

# All hashes are in memory while an export is read, 90 bytes each.
MAX_JOINED = 5_000_000

# For one file of an export, which has 500 MB at most, or some 5 million rows.
FILE_SECONDS = 180.0


@dataclass(frozen=True)
class IdentifierResolution:
    """The identifiers of a list that has been read, and the contacts that have them."""

    folder: Folder
    client: SendGridClient
    hashes: IdentifierHashes
    reader: ListReader

    def begin(self, progress: Progress) -> Progress:
        """Counts the identifiers and chooses the way. Raises ListUnreadable where they are too many."""
        identifiers = sum(1 for _ in merged(self.folder, identifiers_name, progress.identifier_runs))
        if identifiers > MAX_JOINED:
            raise ListUnreadable(f"the list has more than {MAX_JOINED} identifiers; divide it")
        stage: Literal["search", "join"] = "search" if identifiers <= MAX_SEARCHED else "join"
        return replace(progress, stage=stage, identifiers=identifiers)

    def search(self, progress: Progress, deadline: Deadline) -> Progress:
        """Searches for each identifier. A contact that has an address only as an alternate one is left alone.

        If SendGrid refuses very many, the next stage is `join`. Raises the error of a search whose result is not known.
        """
        rows: dict[str, int] = {}
        for row, record in self.reader.records():
            if isinstance(record, bytes):
                rows.setdefault(record.decode(), row)
        search = IdentifierSearch(self.client, _type(progress), deadline)
        search.run(rows)
        answers = search.answers
        if TOO_MANY_REFUSED in answers.values():
            return replace(progress, stage="join")
        _raise_failure(answers.values())
        hits = [answer for answer in answers.values() if isinstance(answer, Hit)]
        refused = sorted(rows[value] for value, answer in answers.items() if answer == INVALID)
        lines = [
            json.dumps({"row": row, "reason": "refused by SendGrid"}).encode() + b"\n" for row in refused
        ]
        self.folder.put(rejected_name(progress.rejected_files), b"".join(lines))
        contact_ids = {_packed(hit.contact_id) for hit in hits if not hit.is_alternate}
        self.folder.put(ids_name(0), b"".join(sorted(contact_ids)))
        return replace(
            progress,
            stage="merge",
            runs=[len(contact_ids)],
            rejected_rows=progress.rejected_rows + len(refused),
            rejected_files=progress.rejected_files + 1,
            not_found=list(answers.values()).count(NOT_FOUND),
            alternate_email_matches=sum(hit.is_alternate for hit in hits),
        )

    def join(self, progress: Progress, exports: tuple[StoredFile, ...], deadline: Deadline) -> Progress:
        """Looks for the identifiers in the files of an export while there is time. Then the next stage is `merge`."""
        self.hashes.require_key(progress.hash_key)
        wanted = set(merged(self.folder, identifiers_name, progress.identifier_runs))
        for file in exports[len(progress.runs) :]:
            if deadline.remaining() < FILE_SECONDS:
                return progress
            progress = self._join_file(progress, file, wanted)
        found = sum(1 for _ in merged(self.folder, found_name, progress.found_runs))
        return replace(progress, stage="merge", not_found=progress.identifiers - found)

    def _join_file(self, progress: Progress, file: StoredFile, wanted: Set[bytes]) -> Progress:
        number, kind = len(progress.runs), IDENTIFIERS[_type(progress)]
        contact_ids: set[bytes] = set()
        found: set[bytes] = set()
        with self.reader.chunks(file) as chunks:
            for identifier, contact_id in read_identified_contacts(chunks, kind):
                hashed = self.hashes.of(identifier)
                if hashed in wanted:
                    contact_ids.add(_packed(contact_id))
                    found.add(hashed)
        self.folder.put(ids_name(number), b"".join(sorted(contact_ids)))
        self.folder.put(found_name(number), b"".join(sorted(found)))
        return replace(
            progress,
            runs=[*progress.runs, len(contact_ids)],
            found_runs=[*progress.found_runs, len(found)],
        )


def _type(progress: Progress) -> IdentifierType:
    if progress.identifier_type is None:
        raise InvalidRequest("continuation: identifier_type is missing")
    return progress.identifier_type


def _packed(contact_id: str) -> bytes:
    """Raises ListUnreadable where the export has no UUID."""
    packed = CONTACT_ID.read(contact_id)
    if packed is None:
        raise ListUnreadable("the export of all contacts has a contact ID that is not a UUID")
    return packed


def _raise_failure(answers: Collection[Answer]) -> None:
    """Raises an error that is worth a retry, if there is one, or else another."""
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    for failure in sorted(failures, key=lambda failure: not isinstance(failure, Deferred)):
        raise failure
