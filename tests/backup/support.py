"""The functions that back contacts up, and servers that files are downloaded from."""

import gzip
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from contact_deletion.backup.export_progress import file_id
from contact_deletion.handlers import backup_check, export_copy, export_start, export_status
from contact_deletion.runtime import Runtime
from contact_deletion.workflow_function import WorkflowFunction
from local.sendgrid_double import Fault
from tests.client.support import http_response
from tests.support.buckets import Bucket
from tests.support.events import contact_id
from tests.support.serving import serving
from tests.support.world import World

FOLDER = "before-reset.2026"
EXPORT = "/v3/marketing/contacts/exports/{export_id}"
HEADER = b"EMAIL,CONTACT_ID,UPDATED_AT\n"


def row_of(number: int) -> bytes:
    """A row of such a file."""
    return f"ada@example.com,{contact_id(number)},2026\n".encode()


def file_of(count: int) -> bytes:
    """A file of an export as SendGrid makes it."""
    rows = b"".join(row_of(number) for number in range(count))
    return gzip.compress(HEADER + rows, mtime=0)


def ok(body: bytes, *, promised: int | None = None) -> bytes:
    """An answer with this body, and the length of it or the one that is promised."""
    length = len(body) if promised is None else promised
    return http_response("200 OK", body, f"Content-Length: {length}")


@contextmanager
def file_server(
    *answer: bytes, pauses: Callable[[], object] = lambda: None
) -> Iterator[tuple[str, list[bytes]]]:
    """Answers every request with these pieces, with a pause before each but the first.

    Gives a link to itself, and the lines of the requests that it gets.
    """
    received: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline().strip():
                received.append(line)
            with suppress(OSError):  # the client may have had enough
                for number, piece in enumerate(answer):
                    if number:
                        pauses()
                    self.wfile.write(piece)

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/file?X-Amz-Signature=secret", received


@dataclass
class Backups:
    """The functions, in the world that they run in."""

    world: World
    runtime: Runtime
    bucket: Bucket

    def start(self) -> str:
        return str(self._answer(export_start.build(self.runtime), {})["export_id"])

    def status(self, export_id: str, started_at: str) -> dict[str, Any]:
        return self._answer(
            export_status.build(self.runtime), {"export_id": export_id, "started_at": started_at}
        )

    def copy(
        self,
        export_id: str = "export",
        part: object = 0,
        folder: object = FOLDER,
        *,
        file: object = None,
    ) -> dict[str, Any]:
        """Copies the file whose ID is given, or that of a file server, or the part's in an export of the double's."""
        path = "file" if export_id == "export" else f"_s3/exports/{export_id}/{part}.csv.gz"
        payload = {
            "export_id": export_id,
            "part": part,
            "file_id": file_id(f"http://127.0.0.1/{path}") if file is None else file,
            "folder": folder,
        }
        return self._answer(export_copy.build(self.bucket.runtime(self.runtime)), payload)

    def check(
        self,
        parts: object,
        expected: object = 0,
        folder: object = FOLDER,
        *,
        exported: object = None,
        source: object = None,
        sampled_at: object = None,
    ) -> dict[str, Any]:
        payload = {
            "folder": folder,
            "source": source or {},
            "sampled_at": sampled_at,
            "expected_contact_count": expected,
            "exported_contact_count": exported,
            "parts": parts,
        }
        return self._answer(backup_check.build(self.bucket.runtime(self.runtime)), payload)

    def ready_export(self) -> str:
        export_id = self.start()
        self.world.clock.advance(60)
        return export_id

    def export_is(self, *, times: int = 1, **body: Any) -> None:
        """What SendGrid says of any export, the next times that it is asked."""
        self.world.double.faults.add(Fault(route=EXPORT, status=200, body=body, times=times))

    def ready_at(self, *links: str, **more: Any) -> None:
        """SendGrid says next that the files are at these links."""
        self.export_is(status="ready", urls=list(links), **more)

    def in_seconds(self, seconds: float) -> str:
        return datetime.fromtimestamp(self.world.clock() + seconds, UTC).isoformat()

    def change_settings(self, **changes: Any) -> None:
        self.runtime = replace(self.runtime, settings=replace(self.runtime.settings, **changes))

    def use(self, s3: Any) -> None:
        self.bucket = replace(self.bucket, s3=s3)

    def content(self, answer: dict[str, Any]) -> bytes:
        """The version of the object that an answer names."""
        found = self.bucket.s3.get_object(
            Bucket=self.bucket.name, Key=answer["key"], VersionId=answer["version_id"]
        )
        return found["Body"].read()

    def is_untouched(self) -> bool:
        """No version of a part is in the bucket, nor of an upload. What is known of a part's IDs alone is no backup."""
        s3, bucket = self.bucket.s3, self.bucket.name
        versions = s3.list_object_versions(Bucket=bucket).get("Versions", [])
        return (
            all("/contact-ids/" in version["Key"] for version in versions)
            and s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
        )

    def _answer(self, task: WorkflowFunction[Any], payload: object) -> dict[str, Any]:
        response: dict[str, Any] = task.handle(payload, self.world.context)
        return response
