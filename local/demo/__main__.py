"""`python -m local.demo`: runs the demo, and exits with 1 if anything is unaccounted for."""

import random
import sys
import time
from pathlib import Path

from rich.console import Console

from local.aws.stack import EmbeddedStack
from local.demo import account, progress, report, workflows, workload
from local.sendgrid_double import Fault, RateLimit, SendGridDouble, serve

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
SOURCE = "sendgrid-contact-deletion"
NEWCOMERS = 40
API_KEY = "SG.demo-key-that-only-the-double-knows"
TIMEOUT_SECONDS = 120.0

TIME_SCALE = 0.05
"""Workflows wait half a minute before they ask; jobs take two seconds here."""

CONTACTS = "/v3/marketing/contacts"
TROUBLE = [
    Fault(method="DELETE", route=CONTACTS, times=5),
    Fault(method="DELETE", route=CONTACTS, status=429),
    Fault(method="DELETE", route=CONTACTS, times=8),
    Fault(method="DELETE", route=CONTACTS, status=502),
    Fault(method="DELETE", route=CONTACTS, times=8),
    Fault(method="DELETE", route=CONTACTS, drop=True),
    Fault(method="GET", route=f"{CONTACTS}/{{contact_id}}", times=12),
    Fault(method="GET", route=f"{CONTACTS}/{{contact_id}}", status=503),
]
"""The calls that go wrong on the way; one without any fault lets calls pass."""


def main() -> int:
    console = Console()
    double = SendGridDouble(
        job_delay=2.0,
        export_delay=2.0,
        rate_limit=RateLimit(limit=20, window_seconds=4, reset="seconds"),
        api_keys={API_KEY},
        latency_seconds=0.02,
    )
    for fault in TROUBLE:
        double.faults.add(fault)
    with serve(double) as base_url:
        console.print("Starting the embedded stack from template.yaml")
        with EmbeddedStack(
            TEMPLATE,
            parameters={
                "SendGridBaseUrl": base_url,
                "DeleteAllEnabled": "true",
                "BatchingWindowSeconds": "2",
                "ApprovalTopicArn": workflows.APPROVAL_TOPIC_ARN,
            },
            properties={"DeletionStatusQueue": {"DelaySeconds": 3}},
            secrets={"SendGridApiKeySecret": API_KEY},
            time_scale=TIME_SCALE,
        ) as stack:
            return _run(console, stack, double)


def _run(console: Console, stack: EmbeddedStack, double: SendGridDouble) -> int:
    began = time.monotonic()
    stack.record_events(SOURCE)
    shown: set[str] = set()
    work = workload.deletions(double.account, double.poison_ids, random.Random(2026))  # noqa: S311 - the same demo each time
    double.account.force_next_jobs("errored")
    console.print(f"Sending {work.message_count:,} messages about {len(double.account):,} contacts")
    _send(stack, work)
    progress.watch(console, stack, double, TIMEOUT_SECONDS, shown)
    wrong = account.discrepancies(work, stack, double)
    rows = report.rows(work, stack, double)

    for run in (workflows.remove_identifier, workflows.delete_list, workflows.back_up_and_delete_all):
        console.print(f"Running {run.__doc__}")
        row, problems = run(stack, double)
        rows.append(row)
        wrong += problems

    for number in range(NEWCOMERS):
        double.account.add_contact(email=f"newcomer-{number}@example.com")
    console.print(f"Deleting all of {NEWCOMERS} new contacts by a message")
    reset = workload.everything(double.account)
    _send(stack, reset)
    progress.watch(console, stack, double, TIMEOUT_SECONDS, shown)
    wrong += account.reset_discrepancies(work, reset, stack, double)

    report.show(console, rows, wrong, time.monotonic() - began)
    return 1 if wrong else 0


def _send(stack: EmbeddedStack, work: workload.Workload) -> None:
    for queue, bodies in work.messages.items():
        work.sent |= dict(zip(stack.send(queue, bodies), bodies, strict=True))


if __name__ == "__main__":
    sys.exit(main())
