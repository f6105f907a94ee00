"""How many calls it takes to delete contacts by their addresses, and how long under the rate limit of searches."""

import math
from collections.abc import Sequence

from benchmarks.contenders import OURS_WITHOUT_CALL
from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import fewest_calls, floor_seconds
from benchmarks.run import Run, StandIns, run
from benchmarks.sendgrid import LATENCY_SECONDS
from benchmarks.workload import batches, identifier_messages
from contact_deletion.sendgrid.client import MAX_LOOKED_UP
from local.sendgrid_double import RateLimit

CONTACTS = 2_000
ROUNDS = 3

# Observed were 200 searches in a minute. With fewer, the limit is met sooner.
_SEARCHES = RateLimit(limit=10, window_seconds=10, reset="seconds")
LIMIT = RateLimit(
    limit=40, window_seconds=10, reset="seconds", by_endpoint={"POST /v3/marketing/contacts/search*": 10}
)

_WORK = "2,000 one-address messages, 10 searches per 10 s"


def measure(world: StandIns) -> list[Run]:
    addresses = [f"person-{number}@example.com" for number in range(CONTACTS)]
    events = list(batches(identifier_messages(addresses)))
    return [
        run(OURS_WITHOUT_CALL, events, CONTACTS, world, limit=LIMIT, addresses=addresses)
        for _ in range(ROUNDS)
    ]


def findings(runs: Sequence[Run]) -> list[Finding]:
    searches, deletions = math.ceil(CONTACTS / MAX_LOOKED_UP), fewest_calls(CONTACTS)
    floor = floor_seconds(searches, _SEARCHES, LATENCY_SECONDS) + LATENCY_SECONDS
    seconds = Figure(tuple(run.seconds for run in runs))
    received = [run.sendgrid for run in runs]
    return [
        Finding(
            what="searches and DELETE calls",
            work=_WORK,
            ours=f"{received[0].searches} + {received[0].calls}",
            others=f"fewest {searches} + {deletions}",
            measured=Figure(
                tuple((each.searches + each.calls) / (searches + deletions) for each in received)
            ),
            target=Target("≤", 1.05, "× the fewest"),
            remark="100 addresses in a search, as SendGrid allows",
        ),
        Finding(
            what="time to the last 202, searches limited",
            work=_WORK,
            ours=f"{seconds.median:.2f} s",
            others=f"floor {floor:.2f} s",
            measured=Figure(tuple(value / floor for value in seconds.values)),
            target=Target("≤", 1.25, "× the floor"),
            remark="searches go one after the other; a window of 10 s exaggerates what that costs in one of a minute",
        ),
    ]
