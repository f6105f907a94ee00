"""Powertools by another clock than the machine's."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Self
from unittest.mock import patch

_IDEMPOTENCY = "aws_lambda_powertools.utilities.idempotency.persistence"


@contextmanager
def records_dated_by(
    clock: Callable[[], float], parts: Sequence[str] = ("base", "datarecord", "dynamodb")
) -> Iterator[type[datetime]]:
    """The ledger's records, while the block runs; gives a datetime of which `now` is the clock's time.

    `parts` are those of Powertools' modules that see this time.
    """

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock(), tz)

    module = SimpleNamespace(datetime=Datetime, timedelta=timedelta)
    with ExitStack() as patches:
        for name in parts:
            patches.enter_context(patch(f"{_IDEMPOTENCY}.{name}.dt", module))
        yield Datetime
