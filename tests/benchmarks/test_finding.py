import pytest

from benchmarks.finding import Figure, Finding, Target


def test_a_figure_has_a_median_and_a_spread() -> None:
    figure = Figure.of(3.0, 1.0, 8.0, 2.0, 4.0)

    assert (figure.median, figure.least, figure.most) == (3.0, 1.0, 8.0)


def test_a_ratio_is_taken_run_by_run() -> None:
    """What slows both down for a while slows the ratio of neither."""
    assert Figure.ratio([2.0, 20.0, 4.0], [1.0, 10.0, 2.0]).values == (2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="shorter"):
        Figure.ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("≤", 1.05, "× the fewest"), 1.05, True),
        (Target("≤", 1.05, "× the fewest"), 1.051, False),
        (Target("≥", 5, "× faster"), 5.0, True),
        (Target("≥", 5, "× faster"), 4.9, False),
    ],
)
def test_a_target_includes_its_limit(target: Target, value: float, met: bool) -> None:
    assert target.met(value) is met


def test_median_is_held_to_the_target_which_reads_as_it_was_set() -> None:
    target = Target("≤", 2, "MB")

    assert Finding("size", "", "", "", Figure.of(1.0, 2.0, 9.0), target).met
    assert not Finding("size", "", "", "", Figure.of(1.0, 2.1, 2.2), target).met
    assert str(Target("≤", 1.10, "× the floor")) == "≤ 1.1 × the floor"
