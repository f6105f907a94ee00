"""Moments as they are written for others to read."""

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """A moment, in seconds since the epoch, in ISO 8601 with milliseconds and the offset of UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
