"""The command: its options, what it starts, and how it ends."""

import argparse
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path

from local.aws.moto_server import EVERY_ADDRESS, LOOPBACK
from local.aws.stack import EmbeddedStack
from local.aws.template import TEMPLATE
from local.docker_bridge import bridge_address
from local.environment import forget_aws_settings
from local.ports import AWS_PORT, SENDGRID_PORT, require_free
from local.sendgrid_double import SendGridDouble, serve
from local.stack import sam_local
from local.stack.guide import Guide
from local.stack.outcome_watch import OutcomeWatch

ROOT = Path(__file__).parents[2]
API_KEY = "SG.key-of-the-local-stack"

# In the cloud a job takes about half a minute, and is polled after as long. Here it has ended by then.
_JOB_SECONDS = 25
_STATUS_DELAY_SECONDS = 30
_BATCHING_SECONDS = 1
# A queue delays messages by 15 minutes at most.
_MAX_SCALE = 900 / _STATUS_DELAY_SECONDS


def main() -> None:
    options = _options()
    forget_aws_settings()
    addresses = _addresses(options.host)
    require_free(
        "make stack", {"AWS_PORT": options.aws_port, "SENDGRID_PORT": options.sendgrid_port}, addresses
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    double = SendGridDouble(
        job_delay=_JOB_SECONDS * options.time_scale,
        export_delay=_JOB_SECONDS * options.time_scale,
        api_keys={API_KEY},
    )
    for contact in json.loads((ROOT / "events" / "contacts.json").read_text()):
        double.account.add_contact(**contact)
    with ExitStack() as running:
        sendgrid_port = options.sendgrid_port
        for address in addresses:
            url = running.enter_context(serve(double, host=address, port=sendgrid_port))
            sendgrid_port = int(url.rpartition(":")[2])
        _run(options, addresses, double, sendgrid_port)


def _run(
    options: argparse.Namespace, addresses: Sequence[str], double: SendGridDouble, sendgrid_port: int
) -> None:
    """Serves until the process ends."""
    sendgrid_url = f"http://{LOOPBACK}:{sendgrid_port}"
    status_delay = round(_STATUS_DELAY_SECONDS * options.time_scale)
    stack = EmbeddedStack(
        TEMPLATE,
        parameters={
            "SendGridBaseUrl": sendgrid_url,
            "DeleteAllEnabled": "true",
            "BatchingWindowSeconds": str(_BATCHING_SECONDS),
            # The double shows no contact after its deletion.
            "ConsistencyWindowSeconds": "0",
        },
        properties={"DeletionStatusQueue": {"DelaySeconds": status_delay}},
        secrets={"SendGridApiKeySecret": API_KEY},
        hosts=addresses,
        port=options.aws_port,
        time_scale=options.time_scale,
    )
    directory = Path(tempfile.mkdtemp())
    _end_on_signals(stack, directory)
    with stack:
        outcomes = OutcomeWatch(stack, all_logs=options.logs)
        guide = Guide(
            stack=stack,
            sendgrid_url=sendgrid_url,
            api_key=API_KEY,
            contact_count=len(double.account),
            addresses=addresses,
            seconds_to_outcome=status_delay + 2 * _BATCHING_SECONDS + 1,
            environment_file=sam_local.environment_file(stack.moto.port, sendgrid_port, directory),
        )
        print(guide.text(), flush=True)
        while True:
            for line in outcomes.new_lines():
                print(line, flush=True)


def _end_on_signals(stack: EmbeddedStack, directory: Path) -> None:
    """At once, with whatever runs: nothing that was started or written remains."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(_signal: int, _frame: object) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        stack.kill()
        shutil.rmtree(directory)
        os._exit(0)

    for number in signals:
        signal.signal(number, end)


def _addresses(host: IPv4Address | None) -> list[str]:
    """Loopback, and where containers reach this machine if it is elsewhere."""
    if host is None:
        bridge = bridge_address()
        return [LOOPBACK, bridge] if bridge else [LOOPBACK]
    if str(host) in (LOOPBACK, EVERY_ADDRESS):
        return [str(host)]
    return [LOOPBACK, str(host)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.stack", description="The whole application on this machine, until Ctrl-C."
    )
    parser.add_argument("--aws-port", type=port, default=AWS_PORT, help="0 for any free one")
    parser.add_argument("--sendgrid-port", type=port, default=SENDGRID_PORT, help="0 for any free one")
    parser.add_argument(
        "--host",
        type=IPv4Address,
        metavar="ADDRESS",
        help=f"an address to listen on beside loopback, in place of Docker's bridge; {EVERY_ADDRESS} for all",
    )
    parser.add_argument("--logs", action="store_true", help="show what the functions log, too")
    parser.add_argument(
        "--time-scale",
        type=scale,
        default=0.2,
        help="how much of their time jobs and workflows take; 1 for about the time of the real ones",
    )
    return parser.parse_args()


# argparse shows the names of these: "invalid port value: '70000'".
def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def scale(text: str) -> float:
    number = float(text)
    if not 0 <= number <= _MAX_SCALE:
        raise ValueError(text)
    return number
