"""The copy of one part of an export, through its handler."""

import csv
import gzip
import hashlib
import io
import json
from typing import Any
from uuid import UUID

import pytest

from contact_deletion.errors import BackupIncomplete, InvalidRequest, SendGridRefused, SendGridUnavailable
from local.sendgrid_double import ExportFlaw, Fault
from tests.backup.support import EXPORT, FOLDER, HEADER, Backups, file_of, file_server, ok, row_of
from tests.client.support import http_response
from tests.support.events import contact_id


def test_the_parts_have_every_contact(backups: Backups) -> None:
    contacts = {backups.world.new_contact() for _ in range(5)}
    backups.world.double.settings.export_part_contacts = 2
    export_id = backups.ready_export()

    responses = [backups.copy(export_id, part) for part in range(3)]

    assert [(response["part"], response["contact_count"]) for response in responses] == [
        (0, 2),
        (1, 2),
        (2, 1),
    ]
    copied = [gzip.decompress(backups.content(response)).decode() for response in responses]
    assert {row["CONTACT_ID"] for text in copied for row in csv.DictReader(io.StringIO(text))} == contacts


def test_the_bytes_are_kept_as_they_are(backups: Backups) -> None:
    file = file_of(3)
    with file_server(ok(file)) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    assert backups.content(response) == file
    assert response == {
        "part": 0,
        "key": f"backups/{FOLDER}/part-00000.csv.gz",
        "version_id": response["version_id"],
        "size": len(file),
        "sha256": hashlib.sha256(file).hexdigest(),
        "contact_count": 3,
        "contact_ids_version_id": response["contact_ids_version_id"],
    }


def test_the_ids_of_its_contacts_are_kept_beside_the_part_in_order_and_each_once(backups: Backups) -> None:
    with file_server(ok(gzip.compress(HEADER + b"".join(map(row_of, [3, 1, 2, 1, 3]))))) as (link, _):
        backups.ready_at(link)
        response = backups.copy(part=7)

    ids = backups.bucket.s3.get_object(
        Bucket=backups.bucket.name,
        Key=f"backups/{FOLDER}/contact-ids/00007",
        VersionId=response["contact_ids_version_id"],
    )["Body"].read()
    assert response["contact_count"] == 3
    assert ids == b"".join(UUID(contact_id(number)).bytes for number in (1, 2, 3))


def test_a_file_that_is_not_compressed_is_kept_too(backups: Backups) -> None:
    file = gzip.decompress(file_of(3))
    with file_server(ok(file)) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    assert (backups.content(response), response["contact_count"]) == (file, 3)


def test_a_file_is_stored_as_it_is_whatever_its_encoding_is_called(backups: Backups) -> None:
    file = file_of(3)
    response = http_response("200 OK", file, f"Content-Length: {len(file)}", "Content-Encoding: gzip")
    with file_server(response) as (link, _):
        backups.ready_at(link)
        copied = backups.copy()

    assert (backups.content(copied), copied["contact_count"]) == (file, 3)


def test_a_file_that_comes_in_dribs_and_drabs_is_whole(backups: Backups) -> None:
    file = file_of(3)
    head, body = ok(file)[: -len(file)], [file[index : index + 1] for index in range(len(file))]
    with file_server(head, *body) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    assert (backups.content(response), response["contact_count"]) == (file, 3)


def test_a_large_part_is_put_together_again(backups: Backups) -> None:
    file = (
        gzip.decompress(file_of(3)) + b'"' + (b"x" * 999 + b"\n") * 120 + b'",' + row_of(3).partition(b",")[2]
    )
    file += file.partition(b"\n")[2] * 300
    with file_server(ok(file)) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    assert len(file) > 2 * 16 * 1024 * 1024
    assert (response["size"], response["contact_count"]) == (len(file), 4)
    assert backups.content(response) == file


def test_a_part_copied_again_is_a_new_version(backups: Backups) -> None:
    backups.world.new_contact()
    export_id = backups.ready_export()

    first, second = backups.copy(export_id), backups.copy(export_id)

    assert first["version_id"] != second["version_id"]
    no_versions = {"version_id": None, "contact_ids_version_id": None}
    assert first | no_versions == second | no_versions
    assert backups.content(first) == backups.content(second)


def test_an_account_without_contacts_has_a_backup_too(backups: Backups) -> None:
    assert backups.copy(backups.ready_export())["contact_count"] == 0


def test_the_files_host_receives_nothing_of_sendgrids(backups: Backups) -> None:
    with file_server(ok(file_of(1))) as (link, received):
        backups.ready_at(link)
        backups.copy()

    assert received[0] == b"GET /file?X-Amz-Signature=secret HTTP/1.1"
    names = {line.partition(b":")[0].lower() for line in received[1:]}
    assert names <= {b"host", b"user-agent", b"accept", b"accept-encoding", b"connection"}


def test_no_link_is_in_the_answer_or_in_the_log(backups: Backups) -> None:
    with file_server(ok(file_of(1))) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    for reported in (json.dumps(response), backups.world.log.getvalue()):
        assert "Signature" not in reported
        assert "127.0.0.1" not in reported
    assert response["key"] in backups.world.log.getvalue()


def test_an_export_that_is_not_ready_is_worth_retrying(backups: Backups) -> None:
    with pytest.raises(SendGridUnavailable, match="not ready"):
        backups.copy(backups.start())


def test_an_export_that_failed_is_incomplete(backups: Backups) -> None:
    backups.world.double.account.exports.spoil_next(ExportFlaw(status="failure", message="too many fields"))

    with pytest.raises(BackupIncomplete, match="too many fields"):
        backups.copy(backups.ready_export())


def test_an_export_that_sendgrid_does_not_know_is_an_error(backups: Backups) -> None:
    with pytest.raises(SendGridRefused, match="404"):
        backups.copy("nowhere")


def test_an_export_that_cannot_be_asked_for_is_worth_retrying(backups: Backups) -> None:
    backups.world.double.faults.add(Fault(route=EXPORT, status=503))

    with pytest.raises(SendGridUnavailable):
        backups.copy()


def test_a_file_that_the_export_does_not_have_is_incomplete(backups: Backups) -> None:
    with pytest.raises(BackupIncomplete, match="no file of part 0: it has 1 other files"):
        backups.copy(backups.ready_export(), file="0" * 64)

    assert backups.is_untouched()


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_part_is_the_same_file_whatever_the_order_of_the_links(backups: Backups, order: list[int]) -> None:
    with file_server(ok(file_of(2))) as (link, _), file_server(ok(file_of(5))) as (other, _):
        links = [f"{link}&X-Amz-Date=1", other.replace("/file", "/elsewhere")]
        backups.ready_at(*[links[number] for number in order])

        assert backups.copy(part=0)["contact_count"] == 2


def test_two_links_to_one_file_are_incomplete(backups: Backups) -> None:
    backups.ready_at("http://127.0.0.1/file?a", "http://127.0.0.1/file?b")

    with pytest.raises(BackupIncomplete, match="two links"):
        backups.copy()

    assert backups.is_untouched()


def test_an_expired_link_is_not_even_tried(backups: Backups) -> None:
    backups.world.double.settings.export_lifetime_seconds = 60
    export_id = backups.ready_export()

    with pytest.raises(BackupIncomplete, match="expired"):
        backups.copy(export_id)

    assert [call.route for call in backups.world.double.requests if call.method == "GET"] == [EXPORT]
    assert backups.is_untouched()


@pytest.mark.parametrize(
    "folder",
    ["", ".", "..", "a..b", "a/b", "../other", "a b", "a\n", "a*", "a\x00", "é" * 81, "x" * 81, None, 7],
)
def test_a_folder_that_is_no_executions_name_is_invalid(backups: Backups, folder: Any) -> None:
    with pytest.raises(InvalidRequest, match="folder"):
        backups.copy(folder=folder)

    assert backups.world.double.requests == []


@pytest.mark.parametrize("folder", ["x" * 80, "a.b", "before_reset-2026", "Zurücksetzung", "(1)"])
def test_every_other_execution_has_a_folder(backups: Backups, folder: str) -> None:
    response = backups.copy(backups.ready_export(), folder=folder)

    assert response["key"] == f"backups/{folder}/part-00000.csv.gz"
    assert backups.content(response)


@pytest.mark.parametrize("part", [-1, 0.0, "0", True, None])
def test_a_part_that_is_no_number_is_invalid(backups: Backups, part: Any) -> None:
    with pytest.raises(InvalidRequest, match="part"):
        backups.copy(part=part)


@pytest.mark.parametrize("file", ["", "0" * 63, "A" * 64, 0])
def test_a_file_id_that_is_none_is_invalid(backups: Backups, file: Any) -> None:
    with pytest.raises(InvalidRequest, match="file_id"):
        backups.copy(file=file)


def test_an_export_id_that_is_none_is_invalid(backups: Backups) -> None:
    with pytest.raises(InvalidRequest, match="export_id"):
        backups.copy("../contacts")
