"""The measurement of a plan, on a small list."""

from benchmarks.list_preparation import findings


def test_a_small_list_is_planned_within_the_targets() -> None:
    assert all(finding.met for finding in findings(rows=1_000))
