"""`python -m local.smoke --stack NAME`: exits with 0 if every check passed, and with 1 otherwise."""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial

import boto3
from botocore.exceptions import BotoCoreError
from rich.console import Console

from local.smoke import table
from local.smoke.failures import aws_failure
from local.smoke.report import Report
from local.smoke.run import SmokeTest

_ALARMS = (
    "Its dead letters and its failed executions may have raised alarms. These return to OK by themselves; their mail"
    " shows that alarms arrive."
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.smoke", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the deployed stack")
    parser.add_argument("--region", help="its region; otherwise that of the AWS settings")
    options = parser.parse_args(arguments)
    console = Console()
    # boto3 reads AWS_DEFAULT_REGION alone, the AWS CLI also AWS_REGION.
    region = options.region or os.environ.get("AWS_REGION") or None
    try:
        session = boto3.Session(region_name=region)
    except BotoCoreError as error:
        console.print(aws_failure(error).detail, style="red", markup=False)
        return 1
    return 0 if run(session, options.stack, console) else 1


def run(session: boto3.Session, stack_name: str, console: Console) -> bool:
    """Whether every check passed, or did not apply."""
    report = Report(partial(table.print_ended, console))
    smoke_test = SmokeTest(session, stack_name, report)
    try:
        with table.shown(report, console):
            smoke_test.run()
    except KeyboardInterrupt:
        console.print("Interrupted.", style="red")
        return False
    finally:
        table.show_failures(report, console)
    if report.is_success:
        console.print(f"[green]The stack works.[/green] {_ALARMS}")
    else:
        console.print("[red]Not everything works.[/red]")
    return report.is_success


if __name__ == "__main__":
    sys.exit(main())
