"""The invariants in spite of everything. `make soak` is the same at length."""

import pytest

from local.simulation.invariants import broken
from local.simulation.simulation import Simulation

MESSAGES = 300


@pytest.mark.parametrize("seed", [1, 2])
def test_every_message_has_a_known_end_and_nothing_is_done_that_was_not_asked_for(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run(MESSAGES)
    assert broken(simulation) == [], f"make soak SOAK='--messages {MESSAGES} --seed {seed}' replays it"
    _assert_something_could_leak(simulation)


def _assert_something_could_leak(simulation: Simulation) -> None:
    """Or it means little that nothing planted left by any way but to SendGrid."""
    assert simulation.log.lines > 300
    assert simulation.other_loggers.lines > 300, "DEBUG"
    assert simulation.metrics.lines > 30
    assert simulation.cloud.answers, "task tokens were used"
    assert any(sent.by_identifiers for sent in simulation.sent.values())
    faults = simulation.chance.faults
    assert faults["http_500"] + faults["http_403"] + faults["http_302"], "errors quoted what is planted"


def test_a_seed_replays_its_faults() -> None:
    first, second = Simulation(7), Simulation(7)
    first.run(40)
    second.run(40)
    assert first.chance.faults == second.chance.faults
    assert first.wire.calls == second.wire.calls
    assert first.time() == second.time()
