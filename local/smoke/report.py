"""What is checked, and how each check stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from local.smoke.failures import CheckFailed, CheckSkipped, aws_failure


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass
class Check:
    """One row: `detail` is what was seen or is waited for, `advice` what usually helps after a failure."""

    name: str
    on_end: Callable[["Check"], None] = field(repr=False)
    state: State = State.WAITING
    detail: str = ""
    advice: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def is_passed(self) -> bool:
        return self.state is State.PASSED

    def runs(self, detail: str = "") -> None:
        self.state, self.detail = State.RUNNING, detail

    def passes(self, detail: str = "") -> None:
        self._ends(State.PASSED, detail)

    def fails(self, failure: CheckFailed) -> None:
        self._ends(State.FAILED, failure.detail, failure.advice)

    def is_skipped(self, why: str) -> None:
        self._ends(State.SKIPPED, why)

    def attempt(self, action: Callable[[], str | None]) -> None:
        """The action returns what was seen, or None where the check goes on.

        It may raise CheckFailed, CheckSkipped and what boto3 raises.
        """
        self.state = State.RUNNING
        try:
            detail = action()
        except CheckSkipped as skipped:
            self.is_skipped(str(skipped))
        except CheckFailed as failure:
            self.fails(failure)
        except (ClientError, BotoCoreError) as error:
            self.fails(aws_failure(error))
        else:
            if detail is not None:
                self.passes(detail)

    def _ends(self, state: State, detail: str, advice: str = "") -> None:
        self.state, self.detail, self.advice = state, detail, advice
        self.on_end(self)


class Report:
    """The checks in their order; `on_end` is called with each that has ended."""

    def __init__(self, on_end: Callable[[Check], None]) -> None:
        self.checks: list[Check] = []
        self._on_end = on_end

    def add(self, name: str) -> Check:
        check = Check(name, self._on_end)
        self.checks.append(check)
        return check

    def skip_the_rest(self, why: str) -> None:
        for check in self.checks:
            if check.is_open:
                check.is_skipped(why)

    @property
    def is_success(self) -> bool:
        return all(check.state in (State.PASSED, State.SKIPPED) for check in self.checks)
