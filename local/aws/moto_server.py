"""A moto server in a process of its own: fresh state, and a core to itself."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local.environment import without_aws_settings

CONTROL_PATH = "/embedded-stack/"
LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - of this machine; only where a user asks for it

_ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 5


@dataclass(frozen=True)
class QueueCounts:
    """How many messages of a queue can be received, wait for their delay, or are in flight."""

    visible: int
    delayed: int
    in_flight: int

    @property
    def total(self) -> int:
        return self.visible + self.delayed + self.in_flight


class MotoServer:
    """Starts on entering and stops on leaving.

    Listens on each of `hosts`, which are IPv4 addresses: loopback is among them, or EVERY_ADDRESS is the only one.
    `port` 0 takes a free one.
    Workflows invoke functions at `lambda_url`, and wait for `time_scale` of what they say.
    What moto prints goes to the file `log`.
    """

    def __init__(
        self,
        log: Path,
        *,
        hosts: Sequence[str] = (LOOPBACK,),
        port: int = 0,
        lambda_url: str = "",
        time_scale: float = 1.0,
    ) -> None:
        self._log = log
        self._hosts = hosts
        self.port = port
        self._workflow_arguments = [lambda_url, str(time_scale)]

    @property
    def url(self) -> str:
        """The endpoint, for clients on this machine."""
        return f"http://{LOOPBACK}:{self.port}"

    def queue_counts(self) -> dict[str, QueueCounts]:
        """By queue name, all counted at the same moment."""
        return {name: QueueCounts(*counts) for name, counts in self._control("GET", "queues").items()}

    def messages_of(self, queue_name: str, start: int = 0) -> list[dict[str, Any]]:
        """A queue's messages as ReceiveMessage has them, in flight or not, without receiving them.

        Without the first `start` of those that are there.
        """
        messages: list[dict[str, Any]] = self._control("GET", f"queues/{queue_name}/messages/{start}")
        return messages

    def end_visibility_timeouts(self, queue_name: str) -> None:
        """Makes a queue's messages in flight visible, as if the time had passed."""
        self._control("POST", f"queues/{queue_name}/end-visibility-timeouts")

    def scale_visibility_timeouts(self, scale: float) -> None:
        """From now on, a visibility timeout that a call changes is `scale` of what it says, in whole seconds."""
        self._control("POST", f"visibility-timeout-scale/{scale}")

    def messages_published_to(self, topic_arn: str) -> list[dict[str, Any]]:
        """A topic's messages so far: `Subject` (or None) and `Message`."""
        messages: list[dict[str, Any]] = self._control("GET", f"topics/{topic_arn}/messages")
        return messages

    def describe(self, description: Mapping[str, Any]) -> None:
        """Has CloudFormation and CloudWatch Logs show the stack; see `local.aws.description`."""
        self._control("POST", "description", description)

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        with closing(connection):
            connection.request(
                method, CONTROL_PATH + path, json.dumps(body), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise ValueError(f"{method} {path}: {response.status}")
            return json.load(response)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - own module
                [
                    sys.executable,
                    "-m",
                    "local.aws.moto_process",
                    ",".join(self._hosts),
                    str(self.port),
                    *self._workflow_arguments,
                ],
                env={**without_aws_settings(os.environ), "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the parent, which stops this process
            )
        port = self._process.stdout.readline() if self._process.stdout else b""
        if not port:
            self._process.communicate()
            raise RuntimeError(f"moto did not start:\n{self._log.read_text()}")
        self.port = int(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Ends its standard input, upon which it ends by itself.
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def kill(self) -> None:
        """Ends the process at once; it may still be starting."""
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
