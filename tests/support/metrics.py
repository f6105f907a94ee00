"""The metrics that functions write in CloudWatch's embedded metric format."""

import json


def metrics_in(output: str) -> dict[tuple[str, ...], float]:
    """The sum of each metric, by its name and the values of its dimensions beside the service."""
    sums: dict[tuple[str, ...], float] = {}
    for line in output.splitlines():
        blob = json.loads(line)
        for directive in blob["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Test"
            (dimensions,) = directive["Dimensions"]
            assert "service" in dimensions
            values = tuple(blob[name] for name in sorted(dimensions) if name != "service")
            for metric in directive["Metrics"]:
                key = (metric["Name"], *values)
                sums[key] = sums.get(key, 0) + sum(blob[metric["Name"]])
    return sums
