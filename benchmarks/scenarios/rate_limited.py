"""How fast it is under a rate limit, and how often it runs into it."""

from dataclasses import dataclass

from benchmarks.contenders import OURS_WITHOUT_CALL, B
from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import fewest_calls, floor_seconds
from benchmarks.run import Run, StandIns, run
from benchmarks.scenarios.no_limit import CONTACTS
from benchmarks.sendgrid import LATENCY_SECONDS
from benchmarks.workload import batches, contact_ids, messages
from local.sendgrid_double import RateLimit

# Reset has the format of the responses recorded in 2026-07.
LIMIT = RateLimit(limit=40, window_seconds=10, reset="seconds")

ROUNDS = 3

_WORK = "10,000 one-contact messages, 40 calls per 10 s"


@dataclass(frozen=True)
class RateLimited:
    """By the number of consumers; B once."""

    ours: dict[int, tuple[Run, ...]]
    b: Run


def measure(world: StandIns) -> RateLimited:
    ids = contact_ids(CONTACTS)
    b = run(B, [{"contact_ids": ids}], CONTACTS, world, limit=LIMIT)
    rounds = [{consumers: _ours(world, consumers) for consumers in (1, 2)} for _ in range(ROUNDS)]
    return RateLimited({consumers: tuple(each[consumers] for each in rounds) for consumers in (1, 2)}, b)


def findings(runs: RateLimited) -> list[Finding]:
    return [
        finding
        for consumers, ours in runs.ours.items()
        for finding in (_time(consumers, ours, runs.b), _refusals(consumers, ours, runs.b))
    ]


def _ours(world: StandIns, consumers: int) -> Run:
    events = list(batches(messages(contact_ids(CONTACTS))))
    return run(OURS_WITHOUT_CALL, events, CONTACTS, world, limit=LIMIT, consumers=consumers)


def _time(consumers: int, ours: tuple[Run, ...], b: Run) -> Finding:
    floor = floor_seconds(fewest_calls(CONTACTS), LIMIT, LATENCY_SECONDS)
    seconds = Figure(tuple(run.seconds for run in ours))
    return Finding(
        what="time to the last 202, limited",
        work=f"{_WORK}, {_consumers(consumers)}",
        ours=f"{seconds.median:.2f} s",
        others=f"floor {floor:.2f} s, B {b.seconds:.1f} s",
        measured=Figure(tuple(value / floor for value in seconds.values)),
        target=Target("≤", 1.10, "× the floor"),
        remark="the floor knows to the millisecond when a window ends; SendGrid reports whole seconds left, rounded up",
    )


def _refusals(consumers: int, ours: tuple[Run, ...], b: Run) -> Finding:
    return Finding(
        what="calls answered 429",
        work=f"{_WORK}, {_consumers(consumers)}",
        ours=" / ".join(f"{run.sendgrid.refused} of {run.sendgrid.calls}" for run in ours),
        others=f"B {b.sendgrid.refused} of {b.sendgrid.calls}",
        measured=Figure(tuple(run.sendgrid.refused / run.sendgrid.calls for run in ours)),
        target=Target("≤", 0.01, "of the calls"),
    )


def _consumers(count: int) -> str:
    return "one consumer" if count == 1 else "two consumers"
