"""PrepareListFunction, and the buckets that it reads and writes."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from contact_deletion.handlers import prepare_list
from contact_deletion.runtime import Runtime
from local.simulation.context import Context
from tests.support.buckets import Bucket, new_bucket
from tests.support.world import World

FOLDER = "purge-2026-11"
LIST = "lists/list"
BUCKET, BACKUPS = "contact-list-bucket", "backup-bucket"


@dataclass
class PreparedLists:
    """The function, and the list that it is to prepare."""

    world: World
    bucket: Bucket = field(default_factory=lambda: new_bucket(BUCKET))
    backups: Bucket = field(default_factory=lambda: new_bucket(BACKUPS))
    context: Context = field(default_factory=Context)

    @property
    def runtime(self) -> Runtime:
        runtime = self.bucket.runtime(self.world.runtime)
        return replace(runtime, settings=replace(runtime.settings, backup_bucket=self.backups.name))

    def use(self, s3: Any) -> None:
        self.bucket = replace(self.bucket, s3=s3)

    def put(self, content: bytes | str) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.bucket.s3.put_object(Bucket=BUCKET, Key=LIST, Body=body)

    def put_part(self, content: bytes) -> dict[str, str]:
        versioning = {"Status": "Enabled"}
        self.backups.s3.put_bucket_versioning(Bucket=BACKUPS, VersioningConfiguration=versioning)  # type: ignore[arg-type]
        key = "backups/x/part.csv.gz"
        return {
            "key": key,
            "version_id": self.backups.s3.put_object(Bucket=BACKUPS, Key=key, Body=content)["VersionId"],
        }

    def invoke(self, **request: Any) -> dict[str, Any]:
        """One invocation, in an environment of its own."""
        given = {"folder": FOLDER, "source": {"key": LIST}} | request
        response: dict[str, Any] = prepare_list.build(self.runtime).handle(given, self.context)
        return response

    def prepare(self, **request: Any) -> dict[str, Any]:
        """The plan, after as many invocations as it takes."""
        response = self.invoke(**request)
        while response["status"] == "pending":
            response = self.invoke(**request, continuation=json.loads(json.dumps(response["continuation"])))
        assert response.keys() == {"status", "plan", "batches_key", "rejected_key"}
        return dict(response["plan"])

    def lines(self, name: str) -> list[dict[str, Any]]:
        key = f"results/{FOLDER}/{name}"
        content = self.bucket.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return [json.loads(line) for line in content.splitlines()]

    def contacts(self) -> list[str]:
        return [contact for batch in self.lines("batches.jsonl") for contact in batch["contact_ids"]]

    def rejected(self) -> list[tuple[int, str]]:
        return [(line["row"], line["reason"]) for line in self.lines("rejected.jsonl")]
