"""SendGrid is away for twelve hours."""

import math

from local.sendgrid_double.rate_limit import RateLimit
from local.simulation.invariants import broken
from local.simulation.simulation import Simulation

OUTAGE_SECONDS = 12 * 60 * 60
LONGEST_PAUSE_SECONDS = 900
# Of the longest, with the jitter.
LEAST_PAUSE_SECONDS = 450

# The delays that grow to it.
SHORTER_PAUSES = 6

MESSAGES = 100
CONTACTS_EACH = 40
LIMIT = RateLimit(limit=2, window_seconds=60)
CONTACTS_PER_CALL = 204
IDENTIFIERS = 20
# That the messages make which wait for deletion, for an identifier's removal, and for their job's end.
BATCHES = 1 + 2 + 1


def test_an_outage_of_twelve_hours_is_waited_out_with_few_calls_and_no_dead_letter() -> None:
    simulation = Simulation(1, rate_limit=LIMIT, log_level="INFO")
    simulation.chance.severity = 0.0
    bulk = simulation.cloud.queues["BulkDeleteQueue"]
    with simulation.under_way():
        simulation.send(simulation.producers.bulk(CONTACTS_EACH))
        while bulk.messages:  # its job has yet to be asked for
            simulation.step(until=math.inf)
        for _ in range(MESSAGES):
            simulation.send(simulation.producers.bulk(CONTACTS_EACH))
        for _ in range(IDENTIFIERS):
            simulation.send(simulation.producers.identifier())

        simulation.sendgrid.down = True
        back_at = simulation.time() + OUTAGE_SECONDS
        calls = -_calls(simulation)
        while simulation.step(until=back_at):
            pass
        calls += _calls(simulation)
        assert len(bulk.messages) == MESSAGES
        assert not simulation.reports.ends

        simulation.sendgrid.down = False
        while bulk.messages:
            simulation.step(until=math.inf)
        drained_after = simulation.time() - back_at
        simulation.drain()

    rounds = OUTAGE_SECONDS / LEAST_PAUSE_SECONDS + SHORTER_PAUSES
    assert OUTAGE_SECONDS / LONGEST_PAUSE_SECONDS <= calls <= BATCHES * rounds
    assert not any(queue.messages for queue in simulation.cloud.queues.values()), "of dead letters too"
    fewest_calls = math.ceil(MESSAGES * CONTACTS_EACH / CONTACTS_PER_CALL)
    floor = (math.ceil(fewest_calls / LIMIT.limit) - 1) * LIMIT.window_seconds
    # All are back within the longest pause; what one invocation has no time for, at the rate limit, waits another.
    assert floor <= drained_after <= 2 * LONGEST_PAUSE_SECONDS + 1.1 * floor
    assert broken(simulation) == []


def _calls(simulation: Simulation) -> int:
    return sum(number for name, number in simulation.wire.calls.items() if name.startswith("SendGrid"))
