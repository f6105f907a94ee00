"""How long a large list takes to be planned, and in how much memory. Needs Linux (see `peak_memory`).

A process of its own runs the whole preparation. In place of S3 are files, so the transfer is not measured.
"""

import gzip
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO, Any, cast
from uuid import UUID

from botocore.response import StreamingBody

from benchmarks.finding import Figure, Finding, Target
from benchmarks.peak_memory import peak_mb
from contact_deletion.contact_list.preparation import ListPreparer
from contact_deletion.deadline import Deadline
from contact_deletion.requests.list_preparation import parse

ROWS = 10_000_000
REPEATED = 100
KEY = "lists/export.csv.gz"
INVOCATION_SECONDS = 900


class FileS3:
    """The part of S3 that is needed, with files in a folder as its objects."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def path(self, key: str) -> Path:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def get_object(self, *, Key: str, Range: str = "", **_: object) -> dict[str, Any]:
        file: IO[bytes] = self.path(Key).open("rb")
        if Range:
            start, end = map(int, Range.removeprefix("bytes=").split("-"))
            with file:
                file.seek(start)
                file = BytesIO(file.read(end + 1 - start))
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        return {"ETag": '"etag"', "Body": StreamingBody(file, length)}

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> None:
        self.path(Key).write_bytes(Body)

    def upload_fileobj(self, Fileobj: IO[bytes], Bucket: str, Key: str, **_: object) -> None:
        with self.path(Key).open("wb") as file:
            copyfileobj(Fileobj, file)


class NoContacts:
    """SendGrid without any contact."""

    def ids_target(self, contact_ids: Sequence[str]) -> str:
        return "/v3/marketing/contacts?ids=" + "%2C".join(contact_ids)

    def existing_contacts(self, contact_ids: Sequence[str], deadline: Deadline) -> frozenset[str]:
        return frozenset()


def findings(rows: int = ROWS) -> list[Finding]:
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process,
    ):
        size = _write_list(FileS3(folder).path(KEY), rows)
        seconds, invocations, mb, plan = process.submit(prepare, folder).result()
    assert (plan["rows"], plan["duplicates"]) == (rows, rows // REPEATED)  # noqa: S101 - else nothing was measured
    work = f"{rows:,} rows of a SendGrid export, {size / 1e6:.0f} MB compressed, 1 % of them duplicates"
    return [
        Finding(
            what="plan of a list",
            work=work,
            ours=f"{seconds:.0f} s of CPU time in {invocations} invocation, {seconds / rows * 1e6:.1f} µs a row",
            others="",
            measured=Figure.of(seconds / 60),
            target=Target("≤", INVOCATION_SECONDS / 60, "minutes"),
            remark="files stand in for S3, so the transfer is not in it; one run",
        ),
        Finding(
            what="memory of the plan of a list",
            work=work,
            ours=f"{mb:.0f} MB",
            others="",
            measured=Figure.of(mb),
            target=Target("≤", 512, "MB"),
            remark="the most that was resident (VmHWM), whatever the number of rows",
        ),
    ]


def prepare(folder: str) -> tuple[float, int, float, dict[str, Any]]:
    """CPU seconds, invocations, MB and the plan, in a process of its own."""
    preparer = ListPreparer(cast(Any, FileS3(folder)), "lists", "backups", cast(Any, NoContacts()), 600)
    request: dict[str, Any] = {"folder": "benchmark", "source": {"key": KEY}}
    for invocation in range(1, 100):
        deadline = Deadline(time.time() + INVOCATION_SECONDS, time.time)
        response = preparer.prepare(parse(request), deadline)
        if response["status"] == "prepared":
            return time.process_time(), invocation, peak_mb(os.getpid()), response["plan"]
        request["continuation"] = response["continuation"]
    raise TimeoutError


def _write_list(path: Path, rows: int) -> int:
    """Bytes written."""
    chance = random.Random(0)  # noqa: S311 - the same IDs in every run
    known = UUID(int=0)
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write("EMAIL,FIRST_NAME,CONTACT_ID,UPDATED_AT\n")
        for number in range(rows):
            if number % REPEATED == 0:
                known = UUID(int=chance.getrandbits(128))
                contact = known
            else:
                contact = known if number % REPEATED == 1 else UUID(int=chance.getrandbits(128))
            file.write(f"{number}@example.com,Ada,{contact},2026-11-21 12:00:00\n")
    return path.stat().st_size
