"""The figures of the functions that queues feed, from the template."""

from dataclasses import dataclass
from functools import cache

from local.aws.template import TEMPLATE, load_template
from local.simulation.queue_functions import FED


@dataclass(frozen=True)
class Figures:
    """Of a function and its queue. Times in seconds."""

    timeout: int
    batch_size: int
    window: float
    concurrency: int
    visibility_timeout: int
    max_receive_count: int
    retention: int
    delay: int


@cache
def figures() -> dict[str, Figures]:
    """By the function's name, less "Function"."""
    template = load_template(TEMPLATE)
    functions, queues, sources = (
        {
            name: template.resolve(properties, lambda resource, attribute: f"{resource}.{attribute}")
            for name, properties in template.of_type(kind).items()
        }
        for kind in ("AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping")
    )
    source_of = {source["EventSourceArn"]: source for source in sources.values()}
    return {
        name: Figures(
            timeout=functions[f"{name}Function"]["Timeout"],
            batch_size=source_of[f"{name}Queue.Arn"]["BatchSize"],
            window=float(source_of[f"{name}Queue.Arn"].get("MaximumBatchingWindowInSeconds", 0)),
            concurrency=source_of[f"{name}Queue.Arn"]["ScalingConfig"]["MaximumConcurrency"],
            visibility_timeout=queues[f"{name}Queue"]["VisibilityTimeout"],
            max_receive_count=queues[f"{name}Queue"]["RedrivePolicy"]["maxReceiveCount"],
            retention=queues[f"{name}Queue"]["MessageRetentionPeriod"],
            delay=queues[f"{name}Queue"].get("DelaySeconds", 0),
        )
        for name in FED
    }
