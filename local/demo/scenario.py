"""What the demo does: requests through the queues with faults on the way, the workflows, and an account of it all."""

import random

from local.aws.stack import EmbeddedStack
from local.aws.template import TEMPLATE
from local.demo import planned, reconciliation, workflows, workload
from local.demo.progress import Progress, Workflow
from local.demo.report import Report, Row, request_rows, sendgrid_rows
from local.demo.watch import Watch
from local.demo.workload import Workload
from local.sendgrid_double import RateLimit, SendGridDouble, serve

API_KEY = "SG.demo-key-that-only-the-double-knows"
NEW_CONTACTS = 40

# SendGrid's jobs, windows of a minute and half-minute waits, on a faster clock: nothing else is waited for.
RATE_LIMIT = RateLimit(limit=30, window_seconds=2, reset="seconds")
JOB_SECONDS = 1.0
STATUS_DELAY_SECONDS = 1
TIME_SCALE = 0.02
VISIBILITY_TIMEOUT_SCALE = 0.03

_MESSAGES_BETWEEN_LOOKS = 50


class DeletionScenario:
    """Its stack runs until `kill`, which any thread may call at any time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._double = SendGridDouble(
            job_delay=JOB_SECONDS,
            export_delay=JOB_SECONDS,
            rate_limit=RATE_LIMIT,
            api_keys={API_KEY},
            latency_seconds=0.02,
        )
        self._stack: EmbeddedStack | None = None

    def kill(self) -> None:
        if self._stack:
            self._stack.kill()

    def play(self) -> Report:
        """Returns when everything has ended, however it did. Raises what broke the stack."""
        progress, double = self._progress, self._double
        with serve(double) as sendgrid_url:
            progress.begin("Start the stack of template.yaml")
            stack = self._stack = EmbeddedStack(
                TEMPLATE,
                parameters={
                    "SendGridBaseUrl": sendgrid_url,
                    "DeleteAllEnabled": "true",
                    "BatchingWindowSeconds": "1",
                    # The double shows no contact after its deletion.
                    "ConsistencyWindowSeconds": "0",
                    "ApprovalTopicArn": workflows.APPROVAL_TOPIC_ARN,
                },
                properties={"DeletionStatusQueue": {"DelaySeconds": STATUS_DELAY_SECONDS}},
                secrets={"SendGridApiKeySecret": API_KEY},
                time_scale=TIME_SCALE,
            )
            stack.__enter__()  # until `kill`
            stack.moto.scale_visibility_timeouts(VISIBILITY_TIMEOUT_SCALE)
            return self._play(stack)

    def _play(self, stack: EmbeddedStack) -> Report:
        double = self._double
        work = workload.deletions(double.account, double.poison_ids, random.Random(2026))  # noqa: S311 - the same demo each time
        self._progress.workflows = tuple(map(Workflow, workflows.WORKFLOWS))
        watch = Watch(self._progress, stack, double, work)
        problems = self._send_requests(stack, work, watch)
        sections = [
            request_rows(work, watch.journal, watch.events),
            sendgrid_rows(work, watch.journal, double, RATE_LIMIT),
        ]
        rows: list[Row] = []
        for name in workflows.WORKFLOWS:
            result = self._run_workflow(stack, watch, name)
            rows.append((name, "failed" if result.problems else "succeeded", result.summary))
            sections += [result.rows] if result.rows else []
            problems += result.problems
        row, found = self._delete_all(stack, work, watch)
        sections.append([*rows, row])
        problems += found
        return Report(sections, problems, self._progress.seconds)

    def _send_requests(self, stack: EmbeddedStack, work: Workload, watch: Watch) -> list[str]:
        """Returns what is not accounted for, as the other steps do."""
        progress, double = self._progress, self._double
        progress.begin(
            f"Send {work.message_count:,} requests about {len(double.account):,} contacts to the queues"
        )
        planned.plan(double)
        double.account.force_next_jobs("errored")
        for queue, bodies in work.messages.items():
            self._send(stack, work, watch, queue, bodies)
            # Only then the others, so that the job that is to end errored is one of many contacts.
            watch.until(lambda: bool(double.account.jobs()))
        watch.until_idle()
        missing = [each.text for each in progress.planned if each.done < each.total]
        return [f"planned, and did not happen: {text}" for text in missing] + reconciliation.discrepancies(
            work, reconciliation.Evidence.of(stack, watch.events), double
        )

    def _run_workflow(self, stack: EmbeddedStack, watch: Watch, name: str) -> workflows.Result:
        self._progress.begin(f"Run the workflow {name}")
        return workflows.WORKFLOWS[name](stack, self._double, watch)

    def _delete_all(self, stack: EmbeddedStack, work: Workload, watch: Watch) -> tuple[Row, list[str]]:
        self._progress.begin(f"Delete all of {NEW_CONTACTS} new contacts, by one message")
        for number in range(NEW_CONTACTS):
            self._double.account.add_contact(email=f"newcomer-{number}@example.com")
        bodies = workload.everything(work, self._double.account)
        self._send(stack, work, watch, "DeleteAllQueue", bodies)
        watch.until_idle()
        ended = reconciliation.kind_of(bodies[0], work, watch.events)
        row = ("Delete-all by queue", ended, f"Deleted {NEW_CONTACTS} new contacts, as one message asked.")
        evidence = reconciliation.Evidence.of(stack, watch.events)
        return row, reconciliation.reset_discrepancies(work, evidence, self._double)

    @staticmethod
    def _send(stack: EmbeddedStack, work: Workload, watch: Watch, queue: str, bodies: list[str]) -> None:
        for start in range(0, len(bodies), _MESSAGES_BETWEEN_LOOKS):
            some = bodies[start : start + _MESSAGES_BETWEEN_LOOKS]
            work.sent |= dict(zip(stack.send(queue, some), some, strict=True))
            watch.look()
