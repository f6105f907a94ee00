"""Stands in for DynamoDB, SQS, Secrets Manager, EventBridge and Step Functions, with next to no CPU.

Its response times have a spread, the same in each run.
moto would take longer for its responses than the functions for their requests.
"""

import asyncio
import math
import os
import re
from multiprocessing.connection import Connection
from random import Random

from benchmarks.aws_responses import AwsResponses, AwsUsage
from benchmarks.own_process import OwnProcess

# Response times of DynamoDB and SQS are skewed: half of these are below the median, one in twenty is above its double.
MEDIAN_SECONDS = 0.005
_SIGMA = 0.42

_TARGET = re.compile(rb"\r\nx-amz-target: *([\w.]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class AwsStandIn(OwnProcess):
    """`url` is for AWS_ENDPOINT_URL."""

    def __init__(self) -> None:
        super().__init__(_serve)
        self.url = f"http://127.0.0.1:{self.introduction}"

    def reset(self) -> None:
        """Resets the stand-in."""
        self.call("reset")

    def usage(self) -> AwsUsage:
        """Since the last reset."""
        usage: AwsUsage = self.call("usage")
        return usage

    def visibility_timeouts(self) -> dict[str, int]:
        """In seconds, by receipt handle."""
        timeouts: dict[str, int] = self.call("visibility timeouts")
        return timeouts


def _serve(connection: Connection) -> None:
    asyncio.run(_serve_until_terminated(connection))


async def _serve_until_terminated(connection: Connection) -> None:
    server = _Server()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _HttpConnection(server), "127.0.0.1", 0)
    connection.send(listening.sockets[0].getsockname()[1])
    loop.add_reader(connection.fileno(), server.control, connection)
    await listening.serve_forever()


class _Server:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.answers = AwsResponses()
        self._random = Random(1)  # noqa: S311 - the same in each run

    def latency(self) -> float:
        """The seconds that the next response takes."""
        return self._random.lognormvariate(math.log(MEDIAN_SECONDS), _SIGMA)

    def control(self, connection: Connection) -> None:
        try:
            question = connection.recv()
        except EOFError:
            os._exit(0)
        if question == "reset":
            self.reset()
        connection.send(
            self.answers.visibility_timeouts if question == "visibility timeouts" else self.answers.usage
        )


class _HttpConnection(asyncio.Protocol):
    """HTTP/1.1 as far as botocore speaks it: a length with every body, and no request before the last is answered."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        target = _TARGET.search(head)
        if target is None:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        response = self._server.answers.answer(target[1].decode(), body)
        text = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%b"
        asyncio.get_running_loop().call_later(
            self._server.latency(), self._transport.write, text % (len(response), response)
        )
