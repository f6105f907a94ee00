"""Looks at the stack and at the double while they work, and says how far they are."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from local.aws.stack import RECORDED_EVENTS, EmbeddedStack
from local.aws.state_machines import Execution
from local.demo import planned, reconciliation
from local.demo.journal import Journal
from local.demo.progress import Count, Progress, Window, Workflow
from local.demo.sentences import Event, sentences
from local.demo.workload import Workload
from local.log_tail import LogTail
from local.sendgrid_double import SendGridDouble

SOURCE = "sendgrid-contact-deletion"

_LOOK_EVERY_SECONDS = 0.4
_OUTCOMES_SHOWN = 6
_BULK_DELETION = "DELETE /v3/marketing/contacts"


class Watch:
    """Writes `progress`. Looks when asked to, and not more often than is worth it.

    `journal` and `events` have all that the logs and the outcome events have said up to the last look.
    """

    def __init__(
        self, progress: Progress, stack: EmbeddedStack, double: SendGridDouble, work: Workload
    ) -> None:
        self.journal = Journal()
        self.events: list[Event] = []
        self._progress = progress
        self._stack = stack
        self._double = double
        self._work = work
        self._logs = LogTail({name: function.log_directory for name, function in stack.functions.items()})
        self._looked_at = 0.0
        self._idle = False
        stack.record_events(SOURCE)

    def until_idle(self) -> None:
        """Returns when no message is left in a queue and no job is pending."""
        self._idle = False
        self.until(lambda: self._idle)

    def until(self, condition: Callable[[], bool]) -> None:
        """Returns when it holds."""
        while not condition():
            self.look()
            time.sleep(_LOOK_EVERY_SECONDS / 2)

    def until_ended(self, name: str, execution_arn: str, between: Callable[[], None]) -> Execution:
        """Returns when the execution has ended, however. Calls `between` after each look that finds it running."""
        while True:
            execution = self._stack.describe_execution(execution_arn)
            states = tuple(self._stack.states_of(execution_arn))
            self.workflow(Workflow(name, states, execution.status))
            if execution.status != "RUNNING":
                return execution
            between()
            self.look()
            time.sleep(_LOOK_EVERY_SECONDS / 2)

    def workflow(self, workflow: Workflow) -> None:
        self._progress.workflows = tuple(
            workflow if each.name == workflow.name else each for each in self._progress.workflows
        )

    def look(self) -> None:
        """Raises what ended an event source mapping's work, if anything did."""
        if time.monotonic() < self._looked_at + _LOOK_EVERY_SECONDS:
            return
        self._stack.check()
        counts = self._stack.queue_counts()
        if counts[RECORDED_EVENTS].total > len(self.events):
            self._show(self._stack.recorded_events(start=len(self.events)))
        self.journal.read(line for _, line in self._logs.new_lines())
        self._show_counts(
            sum(counts[queue].visible + counts[queue].delayed for queue in reconciliation.REQUEST_QUEUES)
        )
        pending = [job.id for job in self._double.account.jobs() if job.status == "pending"]
        busy = {queue: counts[queue] for queue in self._stack.event_source_mappings if counts[queue].total}
        self._idle = not busy and not pending
        self._progress.stuck = (
            *(
                f"{queue}: {count.visible + count.delayed} messages wait, {count.in_flight} are in flight"
                for queue, count in busy.items()
            ),
            *(f"SendGrid's job {job_id} is pending" for job_id in pending),
        )
        self._saw(counts, pending)
        self._looked_at = time.monotonic()

    def _show(self, events: Sequence[Event]) -> None:
        self.events += events
        new = sentences(events, lambda event: reconciliation.is_planned(event, self._work, self._double))
        seconds = self._progress.seconds
        shown = (*self._progress.outcomes, *((seconds, sentence) for sentence in new))
        self._progress.outcomes = shown[-_OUTCOMES_SHOWN:]

    def _show_counts(self, messages_waiting: int) -> None:
        progress, journal, work = self._progress, self.journal, self._work
        # Fewer than before where deferred messages wait in the queue again.
        received = max(progress.received.done, len(work.sent) - messages_waiting)
        ended = len({event["detail"]["message_id"] for event in self.events})
        progress.received = Count(received, work.message_count)
        progress.accepted = Count(len(journal.accepted), work.accepted)
        progress.ended = Count(ended, work.message_count)
        progress.replayed = len(journal.replayed)
        progress.waiting = journal.waiting
        progress.planned = planned.so_far(work, self._double, len(journal.rejected))
        usage = self._double.rate_limiter.usage(_BULK_DELETION)
        progress.window = Window(usage.calls, usage.limit, usage.ends_at) if usage else None

    def _saw(self, counts: Any, pending: list[str]) -> None:
        self._progress.saw(
            (
                counts,
                tuple(pending),
                len(self._work.sent),
                len(self._double.requests),
                self.journal.lines,
                self._progress.workflows,
            )
        )
