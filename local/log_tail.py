"""The functions' logs, line by line."""

from collections.abc import Iterator, Mapping
from pathlib import Path


class LogTail:
    """Gives each line once. `directories` have a function's log streams, by the function's name."""

    def __init__(self, directories: Mapping[str, Path]) -> None:
        self._directories = directories
        self._offsets: dict[Path, int] = {}

    def new_lines(self) -> Iterator[tuple[str, str]]:
        """The lines that were completed since the last call, each with its function's name."""
        for name, directory in self._directories.items():
            for stream in sorted(directory.iterdir()):
                for line in self._lines_of(stream):
                    yield name, line

    def _lines_of(self, stream: Path) -> list[str]:
        offset = self._offsets.get(stream, 0)
        with stream.open("rb") as log:
            log.seek(offset)
            complete, newline, _ = log.read().rpartition(b"\n")
        self._offsets[stream] = offset + len(complete) + len(newline)
        return complete.decode("utf-8", errors="replace").split("\n") if newline else []
