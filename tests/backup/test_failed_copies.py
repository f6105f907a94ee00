"""What goes wrong with a copy leaves nothing that could count as a backup, and no link in sight."""

import gzip
from typing import Any

import pytest
import requests
from botocore.exceptions import EndpointConnectionError
from requests.adapters import HTTPAdapter

from contact_deletion.backup.export_progress import file_id
from contact_deletion.errors import BackupIncomplete, BucketUnavailable, NotAccepted, SendGridUnavailable
from local.sendgrid_double import ExportFlaw, Fault
from tests.backup.support import Backups, file_of, file_server, ok
from tests.client.support import http_response, raw_server
from tests.support.buckets import FailingS3

FILE = file_of(3)


def refused(
    backups: Backups, kind: type[NotAccepted], export_id: str = "export", link: str | None = None
) -> str:
    """Copies the file at the link, which raises this; gives the message."""
    with pytest.raises(kind) as caught:
        backups.copy(export_id, file=None if link is None else file_id(link))

    assert backups.is_untouched()
    reported = caught.value.message + backups.world.log.getvalue()
    assert "Signature" not in reported
    assert "127.0.0.1" not in reported
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.message


def refused_response(backups: Backups, kind: type[NotAccepted], *answer: bytes) -> str:
    with file_server(*answer) as (link, _):
        backups.ready_at(link)
        return refused(backups, kind)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206, 307])
def test_a_link_that_does_not_give_the_file_is_incomplete(backups: Backups, status: int) -> None:
    response = http_response(f"{status} Whatever", b"", "Content-Length: 0")

    assert refused_response(backups, BackupIncomplete, response).endswith(f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_store_that_is_overloaded_is_worth_retrying(backups: Backups, status: int) -> None:
    response = http_response(f"{status} Whatever", b"", "Content-Length: 0")

    assert refused_response(backups, SendGridUnavailable, response).endswith(f"HTTP {status}")


def test_a_redirect_is_not_followed(backups: Backups) -> None:
    with file_server(ok(FILE)) as (elsewhere, received):
        redirect = http_response("302 Found", b"", f"Location: {elsewhere}", "Content-Length: 0")
        refused_response(backups, BackupIncomplete, redirect)

    assert received == []


def test_a_link_that_expires_while_it_is_used_is_incomplete(backups: Backups) -> None:
    export_id = backups.ready_export()
    backups.world.double.faults.add(Fault(route="/_s3/*", status=403))

    assert "403" in refused(backups, BackupIncomplete, export_id)


@pytest.mark.parametrize(
    "answer",
    [
        ok(FILE[:-1], promised=len(FILE)),
        ok(FILE[:40], promised=len(FILE)),
        ok(b"", promised=len(FILE)),
        ok(gzip.decompress(FILE), promised=10**9),
        http_response("200 OK", b"%x\r\n%b" % (len(FILE), FILE[:40]), "Transfer-Encoding: chunked"),
        http_response("200 OK", b"%x\r\n%b\r\n" % (len(FILE), FILE), "Transfer-Encoding: chunked"),
    ],
    ids=["all but a byte", "half", "nothing", "plain", "half of a chunk", "no last chunk"],
)
def test_a_body_that_ends_early_is_worth_retrying(backups: Backups, answer: bytes) -> None:
    assert "broke off (ProtocolError)" in refused_response(backups, SendGridUnavailable, answer)


def test_chunks_that_end_are_whole(backups: Backups) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(FILE), FILE)
    with file_server(http_response("200 OK", body, "Transfer-Encoding: chunked")) as (link, _):
        backups.ready_at(link)
        response = backups.copy()

    assert backups.content(response) == FILE


def test_a_body_of_unknown_length_is_not_believed(backups: Backups) -> None:
    assert "length" in refused_response(backups, SendGridUnavailable, http_response("200 OK", FILE))


def test_a_broken_download_of_sendgrids_is_worth_retrying(backups: Backups) -> None:
    backups.world.new_contact()
    backups.world.double.account.exports.spoil_next(ExportFlaw(broken_downloads=True))

    assert "broke off (ProtocolError)" in refused(backups, SendGridUnavailable, backups.ready_export())


def test_a_cut_file_is_incomplete(backups: Backups) -> None:
    backups.world.new_contact()
    backups.world.double.account.exports.spoil_next(ExportFlaw(cut_files=True))

    assert "broken" in refused(backups, BackupIncomplete, backups.ready_export())


@pytest.mark.parametrize(
    "file",
    [
        FILE[:-1],
        FILE + b"garbage",
        FILE[:-8] + bytes(8),
        b"",
        b"<html></html>",
        gzip.compress(b"EMAIL\nada@example.com\n"),
    ],
    ids=["gzip cut", "trailing garbage", "wrong CRC", "empty", "HTML", "no ids"],
)
def test_a_file_that_is_not_an_exports_is_incomplete(backups: Backups, file: bytes) -> None:
    refused_response(backups, BackupIncomplete, ok(file))


def test_no_connection_is_worth_retrying(backups: Backups) -> None:
    with file_server() as (link, _):
        pass
    backups.ready_at(link)

    assert "ConnectionError" in refused(backups, SendGridUnavailable)


def test_no_answer_is_worth_retrying(backups: Backups) -> None:
    with raw_server(b"") as link:
        backups.ready_at(link)
        refused(backups, SendGridUnavailable, link=link)


def test_too_little_time_is_an_error_before_lambda_ends_the_process(backups: Backups) -> None:
    whole = ok(FILE)
    with file_server(whole[:-10], whole[-10:], pauses=lambda: backups.world.clock.advance(280)) as (link, _):
        backups.ready_at(link)

        assert "no time left" in refused(backups, SendGridUnavailable)


class DoubleByHttps(HTTPAdapter):
    """Has the double answer for a SendGrid that is reached by https."""

    def __init__(self, double: str) -> None:
        super().__init__()
        self._double = double

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = str(request.url).replace("https://sendgrid.example.com", self._double)
        return super().send(request, *args, **options)


def test_a_link_is_https_where_sendgrid_is(backups: Backups) -> None:
    adapter = DoubleByHttps(backups.runtime.settings.sendgrid_base_url)
    backups.runtime.session.mount("https://sendgrid.example.com", adapter)
    backups.change_settings(sendgrid_base_url="https://sendgrid.example.com")
    with file_server(ok(FILE)) as (link, received):
        backups.ready_at(link)

        assert "https" in refused(backups, BackupIncomplete)

    assert received == []


@pytest.mark.parametrize("link", ["ftp://127.0.0.1/file", "file:///etc/passwd", "127.0.0.1/file", ""])
def test_a_link_to_anything_but_a_web_server_is_incomplete(backups: Backups, link: str) -> None:
    backups.ready_at(link)

    refused(backups, BackupIncomplete, link=link)


@pytest.mark.parametrize(
    "link", ["http://", "http://[::1/file", "http://127.0.0.1:port/file", "http://127.0.0.1:1/\ud800"]
)
def test_a_link_that_leads_nowhere_is_no_crash(backups: Backups, link: str) -> None:
    backups.ready_at(link)

    refused(backups, SendGridUnavailable, link=link)


@pytest.mark.parametrize(
    "operation", ["create_multipart_upload", "upload_part", "put_object", "complete_multipart_upload"]
)
@pytest.mark.parametrize("error", [None, EndpointConnectionError(endpoint_url="http://127.0.0.1")])
def test_a_bucket_that_does_not_take_it_is_worth_retrying(
    backups: Backups, operation: str, error: Exception | None
) -> None:
    backups.use(FailingS3(backups.bucket.s3, operation, error=error))
    with file_server(ok(FILE)) as (link, _):
        backups.ready_at(link)

        message = refused(backups, BucketUnavailable)

    assert ("SlowDown" in message) == (error is None)


def test_the_first_error_counts_where_the_upload_cannot_be_aborted(backups: Backups) -> None:
    backups.use(FailingS3(backups.bucket.s3, "abort_multipart_upload"))
    with file_server(ok(FILE[:-1])) as (link, _):
        backups.ready_at(link)

        with pytest.raises(BackupIncomplete, match="broken"):
            backups.copy()


def test_a_bucket_without_versions_is_no_place_for_a_backup(backups: Backups) -> None:
    backups.bucket.s3.put_bucket_versioning(
        Bucket=backups.bucket.name, VersioningConfiguration={"Status": "Suspended"}
    )
    with file_server(ok(FILE)) as (link, _):
        backups.ready_at(link)

        with pytest.raises(BackupIncomplete, match="no versioning"):
            backups.copy()
