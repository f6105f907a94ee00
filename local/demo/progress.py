"""How far the demo is. One thread runs the demo and writes this; another shows it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

STEPS = 7


@dataclass(frozen=True)
class Count:
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Planned:
    """Something that is planned to go wrong `total` times, and did `done` times."""

    text: str
    done: int
    total: int


@dataclass(frozen=True)
class Window:
    """Of SendGrid's rate limit: calls used, and when the next window opens, in seconds since the epoch."""

    used: int
    limit: int
    ends_at: float


@dataclass(frozen=True)
class Workflow:
    """An execution: the states it has entered, and its status."""

    name: str
    states: tuple[str, ...] = ()
    status: str = "to come"


@dataclass
class Progress:
    """Values are replaced, never changed, so that a reader in between sees a whole one.

    `waiting` counts requests that were deferred and wait for another try. `stuck` names what would be stuck if nothing
    moved any more. `outcomes` are sentences, each with the seconds at which it was seen, the newest last.
    """

    clock: Callable[[], float] = time.monotonic
    step: str = "Load the local stack"
    step_number: int = 1
    received: Count = Count()
    accepted: Count = Count()
    ended: Count = Count()
    replayed: int = 0
    waiting: int = 0
    window: Window | None = None
    planned: tuple[Planned, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    outcomes: tuple[tuple[float, str], ...] = ()
    stuck: tuple[str, ...] = ()
    _seen: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._started_at = self._moved_at = self.clock()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.clock() - self._started_at

    @property
    def seconds_without_change(self) -> float:
        return self.clock() - self._moved_at

    def saw(self, state: object) -> None:
        """Everything that can move, as it is now."""
        if state != self._seen:
            self._seen = state
            self._moved_at = self.clock()

    def begin(self, step: str) -> None:
        """The next one of STEPS."""
        self.step = step
        self.step_number += 1
        self._moved_at = self.clock()
