import itertools

import pytest

from local.waiting import Stalled, wait_until


def test_wait_ends_as_soon_as_it_is_done() -> None:
    answers = iter([False, False, True])

    wait_until(lambda: next(answers), poll_seconds=0)

    assert list(answers) == []


def test_wait_goes_on_while_something_moves_however_long_it_takes() -> None:
    steps = itertools.count()
    done = itertools.chain(itertools.repeat(False, 20), [True])

    wait_until(lambda: next(done), lambda: next(steps), stalled_after=0.01, poll_seconds=0.011)


def test_wait_that_stalls_says_how_things_stand() -> None:
    with pytest.raises(Stalled, match="nothing has moved for 0 seconds: 3 messages in flight"):
        wait_until(lambda: False, lambda: "3 messages in flight", stalled_after=0.01, poll_seconds=0)
