"""What TLS on the way to SendGrid takes of the CPU, for each call."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

from werkzeug.serving import make_ssl_devcert

from benchmarks.finding import Figure, Finding, Target
from benchmarks.own_process import OwnProcess
from benchmarks.workload import contact_ids
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.transport import new_session
from local.sendgrid_double import SendGridDouble, serve

CALLS = 200
RUNS = 5
IDS_PER_CALL = 200


def findings() -> list[Finding]:
    ids = contact_ids(IDS_PER_CALL)
    with _double() as (plain_url, tls_url, certificate):
        plain, tls = _client(plain_url), _client(tls_url, certificate)
        runs = [(_milliseconds_per_call(plain, ids), _milliseconds_per_call(tls, ids)) for _ in range(RUNS)]
    without, ours = zip(*runs, strict=True)
    return [
        Finding(
            what="TLS",
            work=f"CPU time of a DELETE call of {IDS_PER_CALL} ids, on an open connection",
            ours=f"{median(ours):.2f} ms",
            others=f"without TLS {median(without):.2f} ms",
            measured=Figure.ratio(ours, without),
            target=Target("≤", 1.25, "× that without"),
            remark="one connection for all calls, the client's side alone",
        )
    ]


class _ApiKey:
    """A key that the double does not check."""

    def current(self) -> str:
        return "SG.not-checked"


def _client(url: str, certificate: Path | None = None) -> SendGridClient:
    session = new_session()
    session.verify = str(certificate) if certificate else True
    return SendGridClient(
        base_url=url,
        api_key=cast(Any, _ApiKey()),
        on_behalf_of="",
        session=session,
        clock=time.time,
        sleep=time.sleep,
    )


def _milliseconds_per_call(client: SendGridClient, ids: list[str]) -> float:
    """Of CPU time of this process; the connection is open before."""
    client.delete_contacts(ids)
    before = time.process_time()
    for _ in range(CALLS):
        client.delete_contacts(ids)
    return 1_000 * (time.process_time() - before) / CALLS


@contextmanager
def _double() -> Iterator[tuple[str, str, Path]]:
    """The double's URLs, without and with TLS, and the certificate; it runs in processes of its own."""
    with TemporaryDirectory() as directory:
        certificate, key = make_ssl_devcert(f"{directory}/double", host="localhost")
        with (
            OwnProcess(_serve_plain) as double,
            OwnProcess(partial(_serve_tls, double.introduction, certificate, key)) as terminator,
        ):
            yield double.introduction, f"https://localhost:{terminator.introduction}", Path(certificate)


def _serve_plain(connection: Connection) -> None:
    with serve(SendGridDouble()) as url:
        connection.send(url)
        connection.poll(None)


def _serve_tls(upstream: str, certificate: str, key: str, connection: Connection) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asyncio.run(_terminate_tls(context, int(upstream.rpartition(":")[2]), connection))


async def _terminate_tls(context: ssl.SSLContext, upstream: int, connection: Connection) -> None:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_double = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(_copy(reader, to_double[1]), _copy(to_double[0], writer))

    server = await asyncio.start_server(forward, "localhost", 0, ssl=context)
    connection.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65_536):
        target.write(chunk)
        await target.drain()
    target.close()
