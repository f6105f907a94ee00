"""Simulated time, for this project's code and for Powertools'."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

from local.simulation.powertools_time import records_dated_by

_BEGINNING = datetime(2026, 11, 22, tzinfo=UTC).timestamp()


class Time:
    """Called, it gives seconds since the epoch."""

    def __init__(self) -> None:
        self._now = _BEGINNING

    def __call__(self) -> float:
        return self._now

    def pass_by(self, seconds: float) -> None:
        self._now += max(0.0, seconds)

    @contextmanager
    def of_powertools(self) -> Iterator[None]:
        """Powertools dates its records, and what it caches, by this time."""
        cached = "aws_lambda_powertools.utilities.parameters.base.datetime"
        with records_dated_by(self) as by_this, patch(cached, by_this):
            yield
