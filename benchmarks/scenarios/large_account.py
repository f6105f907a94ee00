"""A million contacts under a rate limit, in simulated time."""

from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import fewest_calls, floor_seconds
from benchmarks.scenarios import rate_limited
from benchmarks.scenarios.no_limit import CONTACTS
from benchmarks.scenarios.rate_limited import RateLimited
from benchmarks.sendgrid import LATENCY_SECONDS
from benchmarks.simulation.run import SimulatedRun, Work, simulate
from local.sendgrid_double import RateLimit

LARGE = Work(
    contacts=1_000_000, ids_per_message=1_000, limit=RateLimit(limit=600, window_seconds=60, reset="epoch")
)
AS_IN_REAL_TIME = Work(contacts=CONTACTS, ids_per_message=1, limit=rate_limited.LIMIT)

_WORK = "1,000,000 contacts in messages of 1,000 ids, 600 calls per minute"


def findings(in_real_time: RateLimited, aws: AwsStandIn) -> list[Finding]:
    large = simulate(LARGE, aws)
    return [_time(large), _memory(large), _check(simulate(AS_IN_REAL_TIME, aws), in_real_time)]


def _time(run: SimulatedRun) -> Finding:
    floor = floor_seconds(fewest_calls(LARGE.contacts), LARGE.limit, LATENCY_SECONDS)
    return Finding(
        what="a large account, time",
        work=_WORK,
        ours=f"{run.seconds:.0f} s",
        others=f"floor {floor:.0f} s",
        measured=Figure.of(run.seconds / floor),
        target=Target("≤", 1.10, "× the floor"),
        remark=f"simulated time, one consumer; {run.sendgrid.refused} of {run.sendgrid.calls:,} calls answered 429",
    )


def _memory(run: SimulatedRun) -> Finding:
    """By the peak: what is resident after a batch creeps towards it as the allocator's arenas fill."""
    batches = len(run.peak_mb)
    half = batches // 2 + 1  # with the first, which leaves what later ones find
    before, after = run.peak_mb[half - 1], run.peak_mb[-1]
    return Finding(
        what="a large account, memory",
        work=_WORK,
        ours=f"{after:.0f} MB",
        others=f"{before:.0f} MB earlier",
        measured=Figure.of(after / before),
        target=Target("≤", 1.10, "× earlier"),
        remark=f"the most that was resident at any time (VmHWM) until after all {batches} batches, by the same until "
        f"after the first {half}",
    )


def _check(simulated: SimulatedRun, in_real_time: RateLimited) -> Finding:
    real = Figure(tuple(run.seconds for run in in_real_time.ours[1])).median
    return Finding(
        what="simulated time, checked",
        work="10,000 one-contact messages, 40 calls per 10 s, one consumer",
        ours=f"{simulated.seconds:.2f} s simulated",
        others=f"{real:.2f} s in reality",
        measured=Figure.of(abs(simulated.seconds - real) / real),
        target=Target("≤", 0.1, "of the real time apart"),
    )
