"""Exports of an account's contacts, as state. No HTTP in here.

An export takes its snapshot of the contacts when it is ready, not when it was asked for (undocumented, decided so).
"""

import secrets
import uuid
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

from local.sendgrid_double.contacts import Contact
from local.sendgrid_double.export_files import FileType, export_files
from local.sendgrid_double.settings import Settings, seconds_of
from local.sendgrid_double.timeline import Timeline

ExportStatus = Literal["pending", "ready", "failure"]
Counted = Literal["all", "written", "nothing"]


@dataclass(frozen=True, kw_only=True)
class ExportFlaw:
    """What is wrong with an export.

    `status` is where it ends: `pending` never ends, `failure` has `message` to say. `missing` contacts are in
    no file, `repeated` ones are there twice; `counted` is what its `contact_count` counts: `all` contacts,
    those `written`, or `nothing`, and then it has none. `cut_files` are gzip streams that break off in the
    middle. `broken_downloads` promise a whole file and send half.

        ExportFlaw(status="failure")
        ExportFlaw(missing=3)
        ExportFlaw(missing=3, counted="written")
    """

    status: ExportStatus = "ready"
    message: str = "the export could not be made"
    missing: int = 0
    repeated: int = 0
    counted: Counted = "all"
    cut_files: bool = False
    broken_downloads: bool = False

    def __post_init__(self) -> None:
        if self.status not in get_args(ExportStatus) or self.counted not in get_args(Counted):
            raise ValueError("an export ends pending, ready or failure and counts all, written or nothing")
        if self.missing < 0 or self.repeated < 0:
            raise ValueError("missing and repeated are a number of contacts")


_FLAWLESS = ExportFlaw()


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to download, gzip-compressed. Who has no `signature` does not get it."""

    name: str
    content: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Export:
    """One export as it stands. Times are seconds since the epoch; `ended_at` is None while it is pending.

    It is of all contacts, unless `list_ids` or `segment_ids` name lists or segments.
    """

    id: str
    file_type: FileType
    list_ids: tuple[str, ...]
    segment_ids: tuple[str, ...]
    created_at: float
    expires_at: float
    flaw: ExportFlaw
    status: ExportStatus = "pending"
    contact_count: int | None = None
    files: tuple[ExportFile, ...] = ()
    ended_at: float | None = None


class Exports:
    """The exports of one account. Safe to use from several threads."""

    def __init__(self, timeline: Timeline, settings: Settings, contacts: Mapping[str, Contact]) -> None:
        self._timeline = timeline
        self._settings = settings
        self._contacts = contacts
        self._exports: dict[str, Export] = {}
        self._flaws: deque[ExportFlaw] = deque()
        self._times_shown = Counter[str]()

    def clear(self) -> None:
        self._exports.clear()
        self._flaws.clear()

    def start(
        self,
        file_type: FileType = "csv",
        *,
        max_file_bytes: int | None = None,
        list_ids: Sequence[str] = (),
        segment_ids: Sequence[str] = (),
    ) -> Export:
        """Asks for an export in files of `max_file_bytes` at most, before compression.

        With lists or segments it is of the contacts on one of them.
        """
        with self._timeline.look() as now:
            export = Export(
                id=str(uuid.uuid4()),
                file_type=file_type,
                list_ids=tuple(list_ids),
                segment_ids=tuple(segment_ids),
                created_at=now,
                expires_at=now + self._settings.export_lifetime_seconds,
                flaw=self._flaws.popleft() if self._flaws else _FLAWLESS,
            )
            self._exports[export.id] = export
            if export.flaw.status != "pending":
                end = partial(self._end, export, max_file_bytes)
                self._timeline.at(now + seconds_of(self._settings.export_delay), end)
            return export

    def get(self, export_id: str) -> Export | None:
        with self._timeline.look():
            return self._exports.get(export_id)

    def all(self) -> list[Export]:
        """All exports, in the order they were asked for."""
        with self._timeline.look():
            return list(self._exports.values())

    def current(self) -> list[Export]:
        """The exports whose links have not expired, in the order they were asked for."""
        with self._timeline.look() as now:
            return [export for export in self._exports.values() if now < export.expires_at]

    def shown_files(self, export: Export) -> list[ExportFile]:
        """The files in the order of one response's links."""
        first = 0
        if export.files and self._settings.export_links_rotate:
            first = self._times_shown[export.id] % len(export.files)
            self._times_shown[export.id] += 1
        return [*export.files[first:], *export.files[:first]]

    def spoil_next(self, flaw: ExportFlaw, count: int = 1) -> None:
        """The next `count` exports have this flaw."""
        with self._timeline.look():
            self._flaws.extend([flaw] * count)

    def _end(self, export: Export, max_file_bytes: int | None, now: float) -> None:
        ended = replace(export, status=export.flaw.status, ended_at=now)
        if ended.status == "ready":
            contacts = self._chosen(export)
            written = contacts[export.flaw.missing :]
            ended = replace(
                ended,
                files=self._files(export, written + written[: export.flaw.repeated], max_file_bytes),
                contact_count={"all": len(contacts), "written": len(written)}.get(export.flaw.counted),
            )
        self._exports[export.id] = ended

    def _chosen(self, export: Export) -> list[Contact]:
        contacts = self._contacts.values()
        if not export.list_ids and not export.segment_ids:
            return list(contacts)
        chosen = {*export.list_ids, *export.segment_ids}
        return [
            contact
            for contact in contacts
            if not chosen.isdisjoint((*contact.list_ids, *contact.segment_ids))
        ]

    def _files(
        self, export: Export, contacts: list[Contact], max_file_bytes: int | None
    ) -> tuple[ExportFile, ...]:
        contents = export_files(
            contacts,
            export.file_type,
            max_file_bytes,
            self._settings.export_part_contacts,
            self._settings.export_member_contacts,
        )
        return tuple(
            ExportFile(
                name=f"{number}.{export.file_type}.gz",
                content=content[: len(content) // 2] if export.flaw.cut_files else content,
                signature=secrets.token_hex(32),
            )
            for number, content in enumerate(contents)
        )
