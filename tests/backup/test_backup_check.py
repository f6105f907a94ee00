"""The check that a backup is whole, through its handler."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contact_deletion.errors import BackupIncomplete, BucketUnavailable, InvalidRequest
from tests.backup.support import FOLDER, HEADER, Backups, file_server, ok, row_of
from tests.support.buckets import FailingS3
from tests.support.events import contact_id

MANIFEST = f"backups/{FOLDER}/manifest.json"


@pytest.fixture
def parts(backups: Backups) -> list[dict[str, Any]]:
    """The answers of the copies of five contacts in three parts."""
    for _ in range(5):
        backups.world.new_contact()
    backups.world.double.settings.export_part_contacts = 2
    export_id = backups.ready_export()
    return [backups.copy(export_id, part) for part in range(3)]


def manifest(backups: Backups) -> dict[str, Any]:
    found = backups.bucket.s3.get_object(Bucket=backups.bucket.name, Key=MANIFEST)
    content: dict[str, Any] = json.loads(found["Body"].read())
    return content


def refused(backups: Backups, parts: object, expected: int = 5, exported: int | None = None) -> str:
    """Checks, which finds the backup incomplete and writes no manifest; gives the message."""
    with pytest.raises(BackupIncomplete) as caught:
        backups.check(parts, expected, exported=exported)

    found = backups.bucket.s3.list_objects_v2(Bucket=backups.bucket.name).get("Contents", [])
    assert MANIFEST not in [each["Key"] for each in found]
    return caught.value.message


@pytest.mark.parametrize("expected", [0, 4, 5])
def test_a_whole_backup_has_as_many_contacts_as_expected_or_more(
    backups: Backups, parts: list[dict[str, Any]], expected: int
) -> None:
    response = backups.check(parts, expected)

    assert response == {"contact_count": 5, "bucket": "backup-bucket", "manifest_key": MANIFEST}


def test_the_manifest_says_what_the_backup_consists_of(backups: Backups, parts: list[dict[str, Any]]) -> None:
    backups.check(parts[::-1], 4)

    content = manifest(backups)
    found = backups.bucket.s3.head_object(Bucket=backups.bucket.name, Key=MANIFEST)
    assert found["ContentType"] == "application/json"
    checked_at = datetime.fromisoformat(content.pop("checked_at"))
    assert checked_at.timestamp() == pytest.approx(backups.world.clock(), abs=0.001)
    assert content == {
        "source": {},
        "sampled_at": None,
        "contact_count": 5,
        "expected_contact_count": 4,
        "exported_contact_count": None,
        "parts": parts,
    }


@pytest.mark.parametrize("stale", [1, 500])
def test_a_segments_own_count_may_be_a_day_old_and_refuses_nothing(
    backups: Backups, parts: list[dict[str, Any]], stale: int
) -> None:
    segment = {"segment_id": contact_id(1)}
    sampled = "2026-11-25T12:00:00+00:00"

    assert backups.check(parts, stale, exported=5, source=segment, sampled_at=sampled)["contact_count"] == 5
    content = manifest(backups)
    assert (content["source"], content["sampled_at"]) == (segment, sampled)
    assert content["expected_contact_count"] == stale


def test_a_list_is_compared_with_its_own_count(backups: Backups, parts: list[dict[str, Any]]) -> None:
    with pytest.raises(BackupIncomplete):
        backups.check(parts, 6, source={"list_id": contact_id(1)})


def test_fewer_contacts_than_expected_are_incomplete(backups: Backups, parts: list[dict[str, Any]]) -> None:
    assert refused(backups, parts, 6) == "the backup has 5 contacts, and 6 were expected"


def test_fewer_contacts_than_sendgrid_says_of_the_export_are_incomplete(
    backups: Backups, parts: list[dict[str, Any]]
) -> None:
    assert backups.check(parts, 4, exported=5)["contact_count"] == 5
    assert manifest(backups)["exported_contact_count"] == 5

    message = "the backup has 5 contacts, and 6 are in the export according to SendGrid"
    backups.bucket.s3.delete_object(Bucket=backups.bucket.name, Key=MANIFEST)
    assert refused(backups, parts, 4, 6) == message


def copied(backups: Backups, part: int, numbers: Iterable[int]) -> dict[str, Any]:
    """The answer of the copy of a part with these contacts."""
    with file_server(ok(gzip.compress(HEADER + b"".join(map(row_of, numbers)), mtime=0))) as (link, _):
        backups.ready_at(link)
        return backups.copy(part=part)


def test_a_contact_that_is_in_two_parts_is_counted_once(backups: Backups) -> None:
    parts = [copied(backups, 0, [1, 2, 3]), copied(backups, 1, [3, 1]), copied(backups, 2, [])]

    assert [part["contact_count"] for part in parts] == [3, 2, 0]
    assert backups.check(parts, 3)["contact_count"] == 3
    backups.bucket.s3.delete_object(Bucket=backups.bucket.name, Key=MANIFEST)
    assert refused(backups, parts, 4) == "the backup has 3 contacts, and 4 were expected"


def test_two_parts_with_the_same_content_are_incomplete(backups: Backups) -> None:
    parts = [copied(backups, 0, [1]), copied(backups, 1, [2, 3]), copied(backups, 2, [2, 3])]

    assert refused(backups, parts, 3) == "parts 1 and 2 have the same content"


def test_parts_without_contacts_may_be_alike(backups: Backups) -> None:
    parts = [copied(backups, 0, []), copied(backups, 1, [1]), copied(backups, 2, [])]

    assert backups.check(parts, 1)["contact_count"] == 1


@pytest.mark.parametrize(("expected", "plausible"), [(0, 100), (1000, 1100), (1200, 1320)])
def test_far_more_contacts_than_expected_are_not_a_backup_of_these(
    backups: Backups, expected: int, plausible: int
) -> None:
    """Contacts may be added while the export is made, but not so many."""
    assert backups.check([copied(backups, 0, range(plausible))], expected)["contact_count"] == plausible
    backups.bucket.s3.delete_object(Bucket=backups.bucket.name, Key=MANIFEST)

    parts = [copied(backups, 0, range(plausible + 1))]

    assert (
        refused(backups, parts, expected)
        == f"the backup has {plausible + 1} contacts, and only {expected} were expected"
    )
    assert "only" in refused(backups, parts, plausible, expected)


def test_no_parts_are_incomplete(backups: Backups) -> None:
    refused(backups, [], 0)


@pytest.mark.parametrize("numbers", [[1, 2], [0, 2], [0, 0, 1, 2], [0, 1, 1], [2]])
def test_every_part_has_to_be_there_once(
    backups: Backups, parts: list[dict[str, Any]], numbers: list[int]
) -> None:
    assert "each once" in refused(backups, [parts[number] for number in numbers], 0)


def test_a_part_that_is_not_in_the_bucket_is_incomplete(
    backups: Backups, parts: list[dict[str, Any]]
) -> None:
    backups.bucket.s3.delete_object(
        Bucket=backups.bucket.name, Key=parts[1]["key"], VersionId=parts[1]["version_id"]
    )

    assert refused(backups, parts) == "part 1 is not in the bucket, or has expired"


def test_a_part_that_has_expired_is_incomplete(backups: Backups, parts: list[dict[str, Any]]) -> None:
    """Its version can be recovered for a week, and is gone then."""
    backups.bucket.s3.delete_object(Bucket=backups.bucket.name, Key=parts[1]["key"])

    assert refused(backups, parts) == "part 1 is not in the bucket, or has expired"


def ids_key(part: int) -> str:
    return f"backups/{FOLDER}/contact-ids/{part:05d}"


def test_a_part_without_the_ids_of_its_contacts_is_incomplete(
    backups: Backups, parts: list[dict[str, Any]]
) -> None:
    backups.bucket.s3.delete_object(
        Bucket=backups.bucket.name, Key=ids_key(2), VersionId=parts[2]["contact_ids_version_id"]
    )

    assert refused(backups, parts) == "part 2 has no list of its contacts in the bucket"


def test_the_ids_are_those_of_the_copy(backups: Backups, parts: list[dict[str, Any]]) -> None:
    backups.bucket.s3.put_object(Bucket=backups.bucket.name, Key=ids_key(2), Body=b"another version")

    assert backups.check(parts, 5)["contact_count"] == 5


def test_ids_of_another_length_are_incomplete(backups: Backups, parts: list[dict[str, Any]]) -> None:
    written = backups.bucket.s3.put_object(
        Bucket=backups.bucket.name, Key=ids_key(2), Body=UUID(contact_id(1)).bytes * 2
    )
    parts[2]["contact_ids_version_id"] = written["VersionId"]

    assert refused(backups, parts) == "the list of the contacts of part 2 has another length"


def test_another_version_of_a_part_does_not_count(backups: Backups, parts: list[dict[str, Any]]) -> None:
    parts[1]["version_id"] = parts[0]["version_id"]

    assert "part 1" in refused(backups, parts)


def test_a_part_of_another_size_is_incomplete(backups: Backups, parts: list[dict[str, Any]]) -> None:
    parts[2]["size"] += 1

    assert f"{parts[2]['size']} were copied" in refused(backups, parts)


def test_a_part_of_another_backup_does_not_count(backups: Backups, parts: list[dict[str, Any]]) -> None:
    elsewhere = backups.copy(backups.ready_export(), 1, "another")

    assert "folder" in refused(backups, [parts[0], elsewhere, parts[2]])


@pytest.mark.parametrize("operation", ["head_object", "get_object", "put_object"])
def test_a_bucket_that_does_not_answer_is_worth_retrying(
    backups: Backups, parts: list[dict[str, Any]], operation: str
) -> None:
    backups.use(FailingS3(backups.bucket.s3, operation))

    with pytest.raises(BucketUnavailable, match="SlowDown"):
        backups.check(parts, 5)


def test_sendgrid_is_not_called(backups: Backups, parts: list[dict[str, Any]]) -> None:
    backups.world.double.requests.clear()

    backups.check(parts, 5)

    assert backups.world.double.requests == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("part", -1),
        ("part", "0"),
        ("key", ""),
        ("key", None),
        ("version_id", "x" * 1025),
        ("version_id", 1),
        ("size", 1.5),
        ("sha256", "0" * 63),
        ("sha256", None),
        ("contact_ids_version_id", ""),
        ("contact_ids_version_id", None),
        ("contact_count", True),
        ("contact_count", -5),
        ("url", "https://files.example.com/0"),
    ],
)
def test_a_part_that_is_none_is_invalid(
    backups: Backups, parts: list[dict[str, Any]], field: str, value: Any
) -> None:
    parts[1][field] = value

    with pytest.raises(InvalidRequest, match=rf"parts\[1\]: .*{field}"):
        backups.check(parts, 5)


@pytest.mark.parametrize("exported", [-1, "5", 1.5])
def test_a_count_of_the_export_that_is_none_is_invalid(backups: Backups, exported: object) -> None:
    with pytest.raises(InvalidRequest, match="exported_contact_count"):
        backups.check([], 0, exported=exported)


@pytest.mark.parametrize(
    ("parts", "expected", "folder", "field"),
    [
        (None, 0, FOLDER, "parts"),
        ({}, 0, FOLDER, "parts"),
        (["part"], 0, FOLDER, r"parts\[0\]"),
        ([], -1, FOLDER, "expected_contact_count"),
        ([], None, FOLDER, "expected_contact_count"),
        ([], 0, "../other", "folder"),
    ],
)
def test_a_request_that_is_none_is_invalid(
    backups: Backups, parts: Any, expected: Any, folder: Any, field: str
) -> None:
    with pytest.raises(InvalidRequest, match=field):
        backups.check(parts, expected, folder)
