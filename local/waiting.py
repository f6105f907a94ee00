"""Waiting on a machine that may be busy: not until a time is over, but for as long as something moves."""

import time
from collections.abc import Callable

STALLED_AFTER_SECONDS = 180.0
_POLL_SECONDS = 0.05
_LOOK_SECONDS = 1.0  # to look at the progress may cost more than to look whether it is done


class Stalled(TimeoutError):
    """Nothing has moved for a long time; the message says what was waited for, and how it stands."""


def wait_until(
    done: Callable[[], object],
    progress: Callable[[], object] = lambda: None,
    *,
    stalled_after: float = STALLED_AFTER_SECONDS,
    poll_seconds: float = _POLL_SECONDS,
) -> None:
    """Returns as soon as `done` gives something true.

    `progress` gives whatever changes while work is done. Raises Stalled, with the last of it, when it has
    been the same for `stalled_after` seconds.
    """
    last_progress: object = None
    moved_at = looked_at = time.monotonic()
    while not done():
        now = time.monotonic()
        if now - looked_at >= min(_LOOK_SECONDS, stalled_after):
            looked_at = now
            if (current := progress()) != last_progress:
                last_progress, moved_at = current, now
            if now - moved_at >= stalled_after:
                raise Stalled(f"nothing has moved for {stalled_after:.0f} seconds: {last_progress}")
        time.sleep(poll_seconds)
