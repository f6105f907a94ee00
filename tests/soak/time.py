"""Simulated time, for this project's code and for Powertools'."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Self
from unittest.mock import patch

_BEGINNING = datetime(2026, 11, 22, tzinfo=UTC).timestamp()

_IDEMPOTENCY = "aws_lambda_powertools.utilities.idempotency.persistence"


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
        time = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(time(), tz)

        module = SimpleNamespace(datetime=Datetime, timedelta=timedelta)
        with ExitStack() as patches:
            for name in ("base", "datarecord", "dynamodb"):
                patches.enter_context(patch(f"{_IDEMPOTENCY}.{name}.dt", module))
            patches.enter_context(patch("aws_lambda_powertools.utilities.parameters.base.datetime", Datetime))
            yield
