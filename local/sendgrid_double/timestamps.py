"""Times as the API writes them."""

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Seconds since the epoch in ISO 8601, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
