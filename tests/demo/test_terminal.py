"""Where the live view is shown, and the picture."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from local.demo.report import Report
from local.demo.terminal import has_room, is_compact, write_svg


def console(width: int, height: int, term: str = "xterm-256color", *, is_terminal: bool = True) -> Console:
    environment = {"TERM": term}
    return Console(
        file=io.StringIO(), force_terminal=is_terminal, width=width, height=height, _environ=environment
    )


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30)])
def test_a_common_terminal_has_room(width: int, height: int) -> None:
    assert has_room(console(width, height))
    assert is_compact(console(width, height)) == (height == 24)


@pytest.mark.parametrize(
    "other",
    [console(79, 24), console(80, 23), console(100, 30, "dumb"), console(100, 30, is_terminal=False)],
    ids=["narrow", "low", "dumb", "no terminal"],
)
def test_other_places_get_lines(other: Console) -> None:
    assert not has_room(other)


def test_the_picture_is_svg_that_loads_nothing(tmp_path: Path) -> None:
    report = Report([[("Requests", "1,641", "through queues")]], [], 36)

    write_svg(report.show, tmp_path / "demo.svg")

    picture = (tmp_path / "demo.svg").read_text(encoding="utf-8")
    assert "1,641" in picture
    assert "url(http" not in picture
    assert picture.startswith("<svg")
