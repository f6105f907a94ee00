"""Where the demo is shown."""

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

_WIDTH = 100
_LEAST_WIDTH = 80
_LEAST_HEIGHT = 24
_ROOMY_HEIGHT = 28
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def new_console() -> Console:
    """Without a terminal it writes no control characters, whatever the environment sets."""
    is_terminal = sys.stdout.isatty()
    return Console(
        highlight=False,
        markup=False,
        force_terminal=None if is_terminal else False,
        width=None if is_terminal or "COLUMNS" in os.environ else _WIDTH,
    )


def has_room(console: Console) -> bool:
    """Whether it is a terminal on which lines can be written again, and of a fitting size."""
    return (
        console.is_terminal
        and not console.is_dumb_terminal
        and console.width >= _LEAST_WIDTH
        and console.height >= _LEAST_HEIGHT
    )


def is_compact(console: Console) -> bool:
    return console.height < _ROOMY_HEIGHT


def write_svg(show: Callable[[Console], None], path: Path) -> None:
    """A picture of what `show` prints. It loads nothing: the font is whatever monospaced one there is."""
    console = Console(
        record=True,
        width=_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    show(console)
    svg = console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    path.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")
