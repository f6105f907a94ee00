"""Whatever is left to chance, from one seed."""

import random
from collections import Counter


class Chance(random.Random):
    """Counts what it lets go wrong. `severity` multiplies every fault's probability: 0 is a quiet day."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.severity = 1.0
        self.faults: Counter[str] = Counter()

    def fault(self, kind: str, probability: float) -> bool:
        happens = self.random() < probability * self.severity
        self.faults[kind] += happens
        return happens

    def one_fault(self, **probabilities: float) -> str | None:
        """At most one of several."""
        drawn = self.random()
        for kind, probability in probabilities.items():
            drawn -= probability * self.severity
            if drawn < 0:
                self.faults[kind] += 1
                return kind
        return None
