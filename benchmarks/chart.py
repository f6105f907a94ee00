"""The chart of docs/benchmarks.md."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib

TITLE = "Time until SendGrid has accepted the deletion of 10,000 contacts"

_LABELS = {"A": "A, Powertools, a call per message", "B": "B, the official client"}
_OURS, _THEIRS = "#0969da", "#8c959f"


def write_chart(seconds: Mapping[str, float], path: Path) -> None:
    """A bar for each name; ours stand out. The file changes with the figures only."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 10}):
        figure, axes = pyplot.subplots(figsize=(8.5, 1 + 0.5 * len(seconds)), layout="constrained")
        bars = axes.barh(
            [_LABELS.get(name, name) for name in seconds],
            list(seconds.values()),
            color=[_THEIRS if name in _LABELS else _OURS for name in seconds],
            log=True,
        )
        axes.bar_label(bars, [_label(value) for value in seconds.values()], padding=4)
        axes.invert_yaxis()
        axes.set_xlim(0.1, 4 * max(seconds.values()))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_title(TITLE, fontsize=11, loc="left")
        axes.set_xlabel("seconds, logarithmic; no rate limit, 50 ms for each call; A from a part")
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _label(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
