"""The functions as the template declares them, each in execution environments that come and go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.simulation.queue_figures import Figures
from local.simulation.queues import Queue


@dataclass
class Environment:
    """`handle` is the handler that it was started with."""

    handle: Callable[[Any, Any], Any]
    busy: bool = False


@dataclass
class Function:
    name: str
    declared: Figures
    queue: Queue
    start: Callable[[], Environment]
    environments: list[Environment] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        return sum(environment.busy for environment in self.environments) < self.declared.concurrency

    def environment(self) -> Environment:
        """One that is idle; a new one where there is none."""
        for environment in self.environments:
            if not environment.busy:
                return environment
        self.environments.append(self.start())
        return self.environments[-1]
