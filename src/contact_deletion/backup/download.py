"""Downloads a file of an export from its storage, which is not SendGrid and does not get the API key."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3

from contact_deletion.deadline import Deadline
from contact_deletion.errors import BackupIncomplete, SendGridUnavailable
from contact_deletion.sendgrid.transport import CONNECT_SECONDS, READ_SECONDS, new_session

_CHUNK_BYTES = 64 * 1024

_WORTH_REPEATING = frozenset({408, 425, 429})


@contextmanager
def download(link: str, deadline: Deadline, *, allow_http: bool = False) -> Iterator[Iterator[bytes]]:
    """The file's bytes in chunks, as they are stored. No redirect is followed, so the link goes to its host only.

    Raises BackupIncomplete where the link does not lead to the file, and SendGridUnavailable where it may later: the
    connection failed, the body ended early, or no time is left.
    """
    if not link.startswith(("https://", "http://") if allow_http else "https://"):
        raise BackupIncomplete("the export's link is not an https link")
    with new_session() as session:
        try:
            response = session.get(
                link,
                headers={"Accept-Encoding": "identity"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise SendGridUnavailable(
                f"the export's file could not be downloaded ({type(error).__name__})"
            ) from None
        with response:
            _require_file(response)
            yield _chunks(response, deadline)


def _require_file(response: requests.Response) -> None:
    status = response.status_code
    if status >= 500 or status in _WORTH_REPEATING:
        raise SendGridUnavailable(f"the export's link responded with HTTP {status}")
    if status != 200:
        raise BackupIncomplete(f"the export's link responded with HTTP {status}")
    if response.raw.length_remaining is None and not response.raw.chunked:
        raise SendGridUnavailable("the export's file came without its length, so its end is unknown")


def _chunks(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    try:
        while chunk := response.raw.read1(_CHUNK_BYTES):
            if deadline.remaining() < READ_SECONDS:
                raise SendGridUnavailable("the invocation has no time left for the rest of the export's file")
            yield chunk
    except urllib3.exceptions.HTTPError as error:
        raise SendGridUnavailable(f"the export's file broke off ({type(error).__name__})") from None
