"""What every call that leaves a process passes through, and what becomes of it on the way."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from local.simulation.chance import Chance
from local.simulation.context import Context
from local.simulation.time import Time

ResultT = TypeVar("ResultT")

_AWS_READ_SECONDS = 3.0


class ProcessKilled(BaseException):
    """Nothing of the process happens any more; no `except Exception` notices."""


@dataclass(kw_only=True)
class Invocation(Context):
    """`batch` are the serial numbers of its messages; `named_jobs` the jobs that a response named in it, `accepted` the
    contacts that these delete; `shown` and `shown_identifiers` what SendGrid showed of contacts.
    """

    function: str
    ends_at: float
    batch: tuple[str, ...]
    done_before: frozenset[str] = frozenset()
    killed: bool = False
    named_jobs: list[str] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    shown_identifiers: set[tuple[str, str]] = field(default_factory=set)
    began_at: float = 0.0
    ledger_failed: bool = False
    clock: Callable[[], float] = lambda: 0.0

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends_at - self.clock()) * 1000))


class Wire:
    """`running` are the invocations under way, the innermost last; `meanwhile` lets another delivery happen."""

    def __init__(self, chance: Chance, time: Time) -> None:
        self.chance = chance
        self.time = time
        self.running: list[Invocation] = []
        # A service of AWS's, as its calls' names begin.
        self.away: str | None = None

        self.calls: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.meanwhile: Callable[[], object] = lambda: None
        # The AWS call that botocore sends again the next time, after another delivery.
        self.repeated = ""

    def sleep(self, seconds: float) -> None:
        self.take(seconds)

    def take(self, seconds: float) -> None:
        """Time passes for the caller; Lambda stops it at its timeout."""
        self._check_alive()
        left = self.running[-1].ends_at - self.time()
        if seconds >= left:
            self.time.pass_by(left)
            self._kill("at the timeout")
        self.time.pass_by(seconds)

    def aws(self, name: str, effect: Callable[[], ResultT]) -> ResultT:
        """Raises what botocore does after its own retries."""
        self.departs(name, 0.005)
        fault = self.chance.one_fault(
            aws_throttled=0.02, aws_unreachable=0.01, aws_answer_lost=0.02, aws_retried_by_botocore=0.02
        )
        is_scripted = name == self.repeated
        if is_scripted:
            self.repeated, fault = "", "aws_retried_by_botocore"
        if fault and name.startswith("dynamodb"):
            self.running[-1].ledger_failed = True
        if fault == "aws_throttled" or self._is_away(name):
            self.take(self.chance.uniform(0, 2))
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, name)
        if fault == "aws_unreachable":
            self.take(_AWS_READ_SECONDS)
            raise EndpointConnectionError(endpoint_url="https://aws.example")
        result = effect()
        self.arrives(0.003)
        if fault == "aws_answer_lost":
            self.take(2 * _AWS_READ_SECONDS)
            raise ReadTimeoutError(endpoint_url="https://aws.example")
        if fault == "aws_retried_by_botocore":
            self.take(_AWS_READ_SECONDS)
            if len(self.running) == 1 and (is_scripted or self.chance.random() < 0.3):
                self.meanwhile()
            result = effect()
        return result

    def _is_away(self, name: str) -> bool:
        away = self.away is not None and name.startswith(self.away)
        self.chance.faults["aws_away"] += away
        if away and name.startswith("dynamodb"):
            self.running[-1].ledger_failed = True
        return away

    def departs(self, name: str, latency: float) -> None:
        self._check_alive()
        self.calls[name] += 1
        if len(self.running) == 1 and self.chance.fault("another environment meanwhile", 0.02):
            self.meanwhile()
        if self.chance.fault("hung until the timeout", 0.001):
            self.take(1_000)
        self.take(latency)
        if self.chance.fault("killed before a call", 0.002):
            self._kill("before a call")

    def arrives(self, latency: float) -> None:
        """The call has taken effect; the process may not live to hear of it."""
        if self.chance.fault("killed after a call", 0.003):
            self._kill("after a call")
        if self.chance.fault("hung after taking effect", 0.001):
            self.take(1_000)
        self.take(latency)

    def _check_alive(self) -> None:
        if self.running[-1].killed:
            raise ProcessKilled

    def _kill(self, when: str) -> None:
        self.kills[when] += 1
        self.running[-1].killed = True
        raise ProcessKilled
