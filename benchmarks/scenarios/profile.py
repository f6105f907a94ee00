"""Where the CPU time of a one-contact message goes."""

from collections import defaultdict

from benchmarks.contenders import OURS, Contender
from benchmarks.run import StandIns, consumer
from benchmarks.workload import batches, contact_ids, messages

MESSAGES = 4_000

_PROFILED = Contender("benchmarks.profiled.handler", OURS.code, OURS.first_event)


def shares(world: StandIns) -> list[tuple[str, float]]:
    """Of the whole, the largest first."""
    world.sendgrid.reset(None)
    world.aws.reset()
    seconds: defaultdict[str, float] = defaultdict(float)
    with consumer(_PROFILED, world) as profiled:
        profiled.invoke(_PROFILED.first_event)
        for event in batches(messages(contact_ids(MESSAGES))):
            for work, used in profiled.invoke(event).items():
                seconds[work] += used
    total = sum(seconds.values())
    return sorted(((work, used / total) for work, used in seconds.items()), key=lambda share: -share[1])
