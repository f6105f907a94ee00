"""Shows in moto's CloudWatch Logs what the functions print, read from their files on request.

Each line is an event, where Lambda makes one of a traceback. A filter pattern is a word, several words or one quoted
phrase; moto returns every event for any other pattern.
"""

import re
from datetime import datetime
from pathlib import Path

from moto.core.utils import unix_time_millis
from moto.logs.models import LogEvent, LogGroup, LogStream, logs_backends

from local.aws.names import ACCOUNT_ID, REGION

# Of a log record, and of metrics in the embedded format.
_TIME = re.compile(r'"timestamp":"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}[+-]\d{4})"|"Timestamp":(\d{13})\b')


class _FunctionLogGroup(LogGroup):
    """A stream for each file of the directory."""

    def __init__(self, name: str, directory: Path) -> None:
        self._directory = directory
        super().__init__(ACCOUNT_ID, REGION, name)

    def _read(self) -> dict[str, LogStream]:
        return {path.stem: _stream(self, path) for path in sorted(self._directory.iterdir())}

    def _discard(self, _streams: dict[str, LogStream]) -> None:
        """moto's own begin empty, and no other client writes to them."""

    streams = property(_read, _discard)


def add_log_group(name: str, directory: Path) -> None:
    logs_backends[ACCOUNT_ID][REGION].groups[name] = _FunctionLogGroup(name, directory)  # type: ignore[abstract]


def _stream(group: LogGroup, path: Path) -> LogStream:
    stream = LogStream(group, path.stem)
    # What follows the last newline is still being written.
    lines = path.read_text("utf-8", errors="replace").split("\n")[:-1]
    stream.events = _events(lines, int(unix_time_millis(stream.creation_time)))
    stream.last_ingestion_time = stream.creation_time
    return stream


def _events(lines: list[str], now: int) -> list[LogEvent]:
    """A line without a time has that of the line before, and `now` if there is none; in milliseconds."""
    events = []
    timestamp = now
    for number, line in enumerate(lines):
        if found := _TIME.search(line):
            timestamp = int(found[2] or datetime.fromisoformat(found[1]).timestamp() * 1000)
        event = LogEvent(now, {"timestamp": timestamp, "message": line})
        # The same whenever it is read: it says where a page of the results ends.
        event.event_id = number
        events.append(event)
    return events
