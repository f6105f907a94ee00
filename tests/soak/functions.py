"""The functions as the template declares them, each in execution environments that come and go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from contact_deletion.handlers import bulk_delete, delete_all, deletion_status, remove_identifier
from local.aws.template import load_template
from tests.soak.queues import Queue

TEMPLATE = Path(__file__).parents[2] / "template.yaml"

MODULES: dict[str, ModuleType] = {
    "BulkDelete": bulk_delete,
    "DeleteAll": delete_all,
    "RemoveIdentifier": remove_identifier,
    "DeletionStatus": deletion_status,
}


@dataclass(frozen=True)
class Declared:
    """What the template says of a function and its queue."""

    timeout: int
    batch_size: int
    window: float
    concurrency: int
    visibility_timeout: int
    max_receive_count: int
    delay: int


@cache
def declared() -> dict[str, Declared]:
    template = load_template(TEMPLATE)
    functions, queues, sources = (
        {
            name: template.resolve(properties, lambda resource, attribute: f"{resource}.{attribute}")
            for name, properties in template.of_type(kind).items()
        }
        for kind in ("AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping")
    )
    source_of = {source["FunctionName"].split(".")[0]: source for source in sources.values()}
    return {
        name: Declared(
            timeout=functions[f"{name}Function"]["Timeout"],
            batch_size=source_of[f"{name}Function"]["BatchSize"],
            window=float(source_of[f"{name}Function"].get("MaximumBatchingWindowInSeconds", 0)),
            concurrency=source_of[f"{name}Function"]["ScalingConfig"]["MaximumConcurrency"],
            visibility_timeout=queues[f"{name}Queue"]["VisibilityTimeout"],
            max_receive_count=queues[f"{name}Queue"]["RedrivePolicy"]["maxReceiveCount"],
            delay=queues[f"{name}Queue"].get("DelaySeconds", 0),
        )
        for name in MODULES
    }


@dataclass
class Environment:
    """`handle` is the handler that it was started with."""

    handle: Callable[[Any, Any], Any]
    busy: bool = False


@dataclass
class Function:
    name: str
    declared: Declared
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
