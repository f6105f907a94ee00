"""The processes of this machine, for tests of what leaves none behind."""

import subprocess


def _processes() -> list[tuple[int, int, str]]:
    """Each one's id, parent and state."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="],  # noqa: S607 - wherever this system has it
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [(int(pid), int(parent), state) for pid, parent, state in rows]


def running() -> set[int]:
    """Without those that have ended and wait for a parent to look."""
    return {pid for pid, _, state in _processes() if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    """The process's children, and theirs."""
    parents = {child: parent for child, parent, _ in _processes()}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}
