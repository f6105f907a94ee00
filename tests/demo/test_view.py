"""What is on the screen, and in the lines that there are without one."""

import io

import pytest
from rich.console import Console

from local.demo import view
from local.demo.progress import Count, Planned, Progress, Window, Workflow
from tests.support.clock import FakeClock


@pytest.fixture
def progress() -> Progress:
    """In the middle of a demo, with as much to show as there can be."""
    clock = FakeClock(1000.0)
    progress = Progress(clock)
    clock.advance(83)
    progress.begin("Send 2,141 requests about 5,874 contacts to the queues")
    progress.received, progress.accepted, progress.ended = Count(20, 20), Count(12, 18), Count(5, 20)
    progress.waiting, progress.replayed = 3, 2
    progress.window = Window(17, 20, ends_at=clock() + 3600)
    progress.planned = (*(Planned(f"planned {n}", n % 2, 1) for n in range(5)), Planned("many", 9, 14))
    states = tuple(f"StateNumber{n}" for n in range(40))
    progress.workflows = (
        Workflow("RemoveContactIdentifier", states, "SUCCEEDED"),
        Workflow("DeleteContactList", states, "RUNNING"),
        Workflow("BackupThenDeleteAll"),
    )
    progress.outcomes = tuple((60.0 + n, f"Completed: {'contacts ' * 30}") for n in range(6))
    return progress


def shown(
    progress: Progress, *, width: int = 100, encoding: str = "utf-8", compact: bool = False
) -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=file, width=width, markup=False).print(view.screen(progress, compact=compact))
    file.seek(0)
    return file.read().splitlines()


@pytest.mark.parametrize(("width", "height", "compact"), [(100, 30, False), (200, 30, False), (80, 24, True)])
def test_the_screen_fits_the_terminal(progress: Progress, width: int, height: int, compact: bool) -> None:
    lines = shown(progress, width=width, compact=compact)

    assert len(lines) < height
    assert max(map(len, lines)) <= min(width, 100)
    assert sum("planned 1" in line and "done" in line for line in lines) == 1


def test_elapsed_time_is_in_the_first_line_from_the_beginning(progress: Progress) -> None:
    assert shown(progress)[0].endswith("1:23")
    assert shown(Progress())[0].endswith("0:00")
    assert view.line(Progress()) == "0:00  Step 1 of 7: Load the local stack"


def test_the_screen_has_totals_faults_states_and_outcomes(progress: Progress) -> None:
    text = "\n".join(shown(progress))

    totals = ("20 of 20", "12 of 18", "5 of 20", "17 of 20 calls", "3 deferred", "9 of 14")
    states = ("pending", "... > StateNumber37 > StateNumber38 > StateNumber39", "to come", "1:05")
    for expected in (*totals, *states):
        assert expected in text


def test_without_unicode_the_screen_is_ascii(progress: Progress) -> None:
    text = "\n".join(shown(progress, encoding="ascii"))

    assert "12 of 18" in text
    assert text.isascii()


def test_a_line_is_ascii_without_control_characters(progress: Progress) -> None:
    line = view.line(progress)

    assert line.startswith("1:23  Step 2 of 7: Send 2,141 requests")
    assert "received 20 of 20, accepted 12 of 18, tracked to the end 5 of 20" in line
    assert "rate limit: 17 of 20 calls" in line
    assert "in state StateNumber39" in line
    assert line.isascii()
    assert line.isprintable()
