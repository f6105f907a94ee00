"""A request to prepare a list: to read it completely, and to plan the deletion of its contacts."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation
from contact_deletion.requests.identifiers import IdentifierType, parse_identifier_type

LISTS = "lists/"
BACKUPS = "backups/"

MAX_PARTS = 1_000

_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,1024}")

_FINGERPRINT = re.compile("[0-9a-f]{0,16}")

# S3's quotes are part of it.
_ETAG = re.compile('("[0-9A-Za-z-]{1,128}")?')

_NUMBERS = (
    *("files", "records", "rows", "rejected_rows", "rejected_files", "contacts"),
    *("identifiers", "not_found", "alternate_email_matches"),
)

# The most sorted files of one preparation; see contact_list.reading.
_MAX_RUNS = 10_000


@dataclass(frozen=True)
class StoredFile:
    """A file of a list. One with a version is in the backup bucket, one without in the bucket of the lists."""

    key: str
    version_id: str | None = None


@dataclass(frozen=True)
class Progress:
    """How far a list has been prepared: what one invocation passes to the next.

    `files` of the list have been read, and `records` of the next one; they had `rows`, and of these, `rejected_rows`
    were rejected: `rejected_files` have the reasons. `runs` are the numbers of distinct IDs in the sorted files that
    were stored. `etag` is that of a list without a version. `contacts` is known from stage `sample` on.

    A list of identifiers has an `identifier_type`. `identifier_runs` are the numbers of distinct hashes in the sorted
    files that were stored, made with the key that has the fingerprint `hash_key`. `identifiers` is the number of
    distinct ones, known after the stage `read`. `found_runs` are the numbers of those found in each file of an export.
    """

    stage: Literal["read", "search", "join", "merge", "sample"] = "read"
    etag: str = ""
    files: int = 0
    records: int = 0
    rows: int = 0
    rejected_rows: int = 0
    rejected_files: int = 0
    runs: list[int] = field(default_factory=list)
    contacts: int = 0
    identifier_type: IdentifierType | None = None
    hash_key: str = ""
    identifier_runs: list[int] = field(default_factory=list)
    identifiers: int = 0
    found_runs: list[int] = field(default_factory=list)
    not_found: int = 0
    alternate_email_matches: int = 0

    def continuation(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ListPreparation:
    """A request to prepare the list in `files`. Its results are stored in the `folder` of an execution.

    `id_column` is the name of the column with the IDs, or with the identifiers of `identifier_type`; None where it has
    one of the usual names. `contacts` are the files of an export of all contacts, for the identifiers of a large list.
    """

    folder: str
    files: tuple[StoredFile, ...]
    id_column: str | None
    identifier_type: IdentifierType | None
    contacts: tuple[StoredFile, ...] | None
    progress: Progress


def parse(payload: object) -> ListPreparation:
    """Raises InvalidRequest."""
    given = validation.require_object(
        payload,
        required=("folder", "source"),
        optional=("id_column", "identifier_type", "contacts", "continuation"),
    )
    id_column, continuation = given.get("id_column"), given.get("continuation")
    contacts, identifier_type = given.get("contacts"), given.get("identifier_type")
    with validation.error_prefix("source"):
        files = _files(given["source"])
    if identifier_type is not None and files[0].version_id:
        raise InvalidRequest("identifier_type is for a list under key: a backup has contact IDs")
    with validation.error_prefix("continuation"):
        progress = Progress() if continuation is None else _progress(continuation)
    return ListPreparation(
        folder=validation.folder(given["folder"], "folder"),
        files=files,
        id_column=None if id_column is None else _text(id_column, "id_column"),
        identifier_type=None if identifier_type is None else parse_identifier_type(identifier_type),
        contacts=None if contacts is None else _contacts(contacts),
        progress=progress,
    )


def _files(source: object) -> tuple[StoredFile, ...]:
    given = validation.require_object(source, required=(), optional=("key", "parts"))
    if ("key" in given) is ("parts" in given):
        raise InvalidRequest("it must have either key or parts")
    if "key" in given:
        return (StoredFile(_key(given["key"], LISTS)),)
    return _parts(given["parts"], minimum=1)


def _contacts(value: object) -> tuple[StoredFile, ...]:
    with validation.error_prefix("contacts"):
        return _parts(validation.require_object(value, required=("parts",))["parts"], minimum=0)


def _parts(parts: object, *, minimum: int) -> tuple[StoredFile, ...]:
    if not isinstance(parts, list) or not minimum <= len(parts) <= MAX_PARTS:
        raise InvalidRequest(f"parts must be a list of {minimum} to {MAX_PARTS}")
    return tuple(_part(part, f"parts[{index}]") for index, part in enumerate(parts))


def _part(value: object, name: str) -> StoredFile:
    with validation.error_prefix(name):
        given = validation.require_object(value, required=("key", "version_id"))
        return StoredFile(_key(given["key"], BACKUPS), _text(given["version_id"], "version_id"))


def _key(value: object, prefix: str) -> str:
    """A function's role allows it to read what has this prefix, and nothing else."""
    if not _text(value, "key").startswith(prefix):
        raise InvalidRequest(f"key must begin with {prefix}")
    return str(value)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise InvalidRequest(f"{name} must be text of 1 to 1024 characters, none of them a control character")
    return value


def _progress(value: object) -> Progress:
    given = validation.require_object(value, required=tuple(Progress().continuation()))
    stage, etag, hash_key, identifier_type = (
        given[name] for name in ("stage", "etag", "hash_key", "identifier_type")
    )
    if stage not in ("read", "search", "join", "merge", "sample"):
        raise InvalidRequest("stage must be 'read', 'search', 'join', 'merge' or 'sample'")
    if not isinstance(etag, str) or not _ETAG.fullmatch(etag):
        raise InvalidRequest("etag must be that of an object in S3, or empty")
    if not isinstance(hash_key, str) or not _FINGERPRINT.fullmatch(hash_key):
        raise InvalidRequest("hash_key must be the fingerprint of a key, or empty")
    return Progress(
        stage=stage,
        etag=etag,
        hash_key=hash_key,
        identifier_type=None if identifier_type is None else parse_identifier_type(identifier_type),
        runs=_runs(given["runs"], "runs"),
        identifier_runs=_runs(given["identifier_runs"], "identifier_runs"),
        found_runs=_runs(given["found_runs"], "found_runs"),
        **{name: validation.non_negative_int(given[name], name) for name in _NUMBERS},
    )


def _runs(value: object, name: str) -> list[int]:
    if not isinstance(value, list) or len(value) > _MAX_RUNS:
        raise InvalidRequest(f"{name} must be a list of at most {_MAX_RUNS}")
    return [validation.non_negative_int(run, name) for run in value]
