"""The demo's command line."""

import argparse
import io
import signal
import sys
from pathlib import Path

from local.demo.progress import Progress
from local.demo.show import Scenario, Show
from local.demo.terminal import new_console, write_svg
from local.environment import forget_aws_settings


def main() -> int:
    """The exit status, see `Show.run`."""
    parser = argparse.ArgumentParser(
        prog="python -m local.demo",
        description="Runs the whole application on this machine, and accounts for every request.",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a picture of the demo's end")
    options = parser.parse_args()
    forget_aws_settings()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    show = Show(new_console(), Progress(), _load)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, show.interrupt)
    status = show.run()
    if options.svg and show.report:
        write_svg(show.report.show, options.svg)
    return status


def _load(progress: Progress) -> Scenario:
    # Imported while the demo shows its first line: it takes a second.
    from local.demo.scenario import DeletionScenario

    return DeletionScenario(progress)
