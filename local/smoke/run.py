"""The order of the checks: what is needed to be harmless, or to see a result, comes first."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.smoke import configuration
from local.smoke.deployed_stack import DeployedStack
from local.smoke.event_listener import EventListener
from local.smoke.executions import Executions
from local.smoke.failures import NOT_SEEN, CheckFailed, CheckSkipped, aws_failure
from local.smoke.invocations import Invoker
from local.smoke.messages import Messages
from local.smoke.payloads import Execution, Message, Payloads
from local.smoke.report import Check, Report
from local.waiting import Stalled, wait_until

_QUEUES = ("BulkDelete", "DeleteAll", "RemoveIdentifier", "DeletionStatus")
_LONGEST_INVOCATION_SECONDS = 330


@dataclass(frozen=True)
class Waits:
    """Seconds after which a check fails if nothing new has arrived.

    listener: until a new rule and a new queue's policy are in force, about a minute.
    result: for a function to be fed after the longest batching window, cold, and perhaps behind others' messages.
    job: for SendGrid's job, which is polled after 30 seconds, then after each doubling of its age. One was seen to
        take 12 minutes; the question after that comes at 16.
    poll: between two looks.
    """

    listener: float = 180.0
    result: float = 300.0
    job: float = 1200.0
    poll: float = 1.0


class SmokeTest:
    """One run against one stack; `report` has every check from the beginning."""

    def __init__(
        self,
        session: boto3.Session,
        stack_name: str,
        report: Report,
        *,
        payloads: Payloads | None = None,
        waits: Waits | None = None,
    ) -> None:
        self._session = session
        self._stack_name = stack_name
        self._report = report
        self._payloads = payloads or Payloads.random()
        self._waits = waits or Waits()
        self._found = report.add("Stack: in service")
        self._secret = report.add("API key secret: has a value")
        self._alarms = report.add("Alarm topic: subscription confirmed")
        self._fed = {queue: report.add(f"{queue}Queue: has a consumer") for queue in _QUEUES}
        self._count = report.add("ContactCountFunction: API key accepted")
        self._look_up = report.add("IdentifierCheckFunction: unknown contact")
        self._export = report.add("ExportStatusFunction: unknown export")
        self._status = report.add("DeletionStatusFunction: unknown job")
        self._listening = report.add("Event bus: temporary rule and queue")
        self._messages = [(report.add(message.title), message) for message in self._payloads.messages()]
        self._executions = [
            (report.add(execution.title), execution) for execution in self._payloads.executions()
        ]
        self._clean = report.add("Cleanup")

    def run(self) -> None:
        """Ends every check. However it ends, KeyboardInterrupt included, what it made is removed."""
        self._found.attempt(self._find_stack)
        if self._found.is_passed:
            self._check_configuration()
            self._invoke()
            self._send_and_wait()
        self._report.skip_the_rest("not reached")

    def _client(self, service: str) -> Any:
        # A repeated call does no harm here: not even a repeated message or execution.
        config = Config(
            read_timeout=_LONGEST_INVOCATION_SECONDS, retries={"mode": "standard", "total_max_attempts": 5}
        )
        return self._session.client(service, config=config)

    def _find_stack(self) -> str:
        self._stack = DeployedStack(self._client("cloudformation"), self._stack_name)
        return self._stack.status

    def _check_configuration(self) -> None:
        secrets_manager, sns, lambda_ = map(self._client, ("secretsmanager", "sns", "lambda"))
        self._secret.attempt(partial(configuration.secret_has_a_value, secrets_manager, self._stack))
        self._alarms.attempt(partial(configuration.alarms_reach_a_subscriber, sns, self._stack))
        for queue, check in self._fed.items():
            check.attempt(partial(configuration.queue_is_consumed, lambda_, self._stack, queue))

    def _invoke(self) -> None:
        invoker, payloads = Invoker(self._client("lambda"), self._stack), self._payloads
        self._count.attempt(lambda: invoker.contact_count(payloads.contact_count()))
        self._look_up.attempt(lambda: invoker.no_contact(payloads.removal()))
        self._export.attempt(lambda: invoker.pending("ExportStatusFunction", payloads.export_status()))
        self._status.attempt(lambda: invoker.pending("DeletionStatusFunction", payloads.deletion_status()))

    def _send_and_wait(self) -> None:
        sqs = self._client("sqs")
        executions = Executions(self._client("stepfunctions"), self._stack, self._payloads.name)
        temporary = ExitStack()
        temporary.callback(executions.stop)
        try:
            listener = self._listen(sqs, temporary)
            messages = Messages(sqs, self._stack, listener, self._payloads.name)
            temporary.callback(messages.remove_dead_letters)
            for check, message in self._messages:
                check.attempt(partial(self._send, messages, check, message, listener))
            for check, execution in self._executions:
                check.attempt(partial(self._start, executions, check, execution))
            self._wait(messages, executions)
        finally:
            self._clean.attempt(partial(self._clean_up, temporary))

    def _listen(self, sqs: Any, temporary: ExitStack) -> EventListener | None:
        """None where no event can be seen."""
        if self._stack.parameter("OutcomeEvents") == "none":
            self._listening.is_skipped("the stack publishes no events, since OutcomeEvents is none")
            return None
        bus = self._stack.parameter("EventBusName")
        request_ids = [message.request_id for _, message in self._messages]
        listener = EventListener(
            sqs, self._client("events"), bus=bus, name=self._payloads.name, request_ids=request_ids
        )

        def listen() -> str:
            temporary.enter_context(listener)
            try:
                wait_until(
                    listener.receives_its_own_event,
                    stalled_after=self._waits.listener,
                    poll_seconds=self._waits.poll,
                )
            except Stalled:
                advice = "A policy of the organization may forbid EventBridge to send to the queue. Run the test again."
                raise CheckFailed("its own event did not arrive", advice) from None
            return "receive events"

        self._listening.attempt(listen)
        return listener if self._listening.is_passed else None

    def _send(
        self, messages: Messages, check: Check, message: Message, listener: EventListener | None
    ) -> None:
        self._require_unknown_contact(message)
        if not self._fed[message.queue].is_passed:
            raise CheckSkipped("not sent: nothing is known to receive it")
        has_any_event = listener is not None and self._stack.parameter("OutcomeEvents") == "each"
        if message.expected_code is None and not has_any_event:
            raise CheckSkipped("not sent: its end would only be an event, and is perhaps not published")
        messages.send(check, message)

    def _start(self, executions: Executions, check: Check, execution: Execution) -> None:
        self._require_unknown_contact(execution)
        executions.start(check, execution)

    def _require_unknown_contact(self, request: Message | Execution) -> None:
        if request.names_contact and not self._look_up.is_passed:
            raise CheckSkipped("not sent: SendGrid has not said that no contact has its random ID")

    def _wait(self, messages: Messages, executions: Executions) -> None:
        """First for all but the deletion, then for that."""
        deletion = [check for check, message in self._messages if message.expected_code is None]
        others = [check for check, _ in self._messages + self._executions if check not in deletion]

        def collect() -> None:
            messages.collect()
            executions.collect()

        for checks, seconds in ((others, self._waits.result), (deletion, self._waits.job)):
            self._wait_for(checks, collect, seconds)

    def _wait_for(self, checks: list[Check], collect: Callable[[], None], seconds: float) -> None:
        def done() -> bool:
            collect()
            return not any(check.is_open for check in checks)

        def progress() -> int:
            return sum(check.is_open for check in self._report.checks)

        try:
            wait_until(done, progress, stalled_after=seconds, poll_seconds=self._waits.poll)
        except Stalled:
            _fail(checks, CheckFailed(f"nothing has come for {seconds:.0f} s", NOT_SEEN))
        except CheckFailed as failure:
            _fail(checks, failure)
        except (ClientError, BotoCoreError) as error:
            _fail(checks, aws_failure(error))

    def _clean_up(self, temporary: ExitStack) -> str:
        name = self._payloads.name
        try:
            temporary.close()
        except (ClientError, BotoCoreError) as error:
            advice = f"Remove the EventBridge rule and the SQS queue {name} by hand, as docs/smoke.md says."
            raise CheckFailed(aws_failure(error).detail, advice) from error
        return f"{name} is removed"


def _fail(checks: list[Check], failure: CheckFailed) -> None:
    """Those that are open."""
    for check in checks:
        if check.is_open:
            check.fails(failure)
