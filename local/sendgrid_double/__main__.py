"""`python -m local.sendgrid_double`: the double by itself, for any program to be tested against."""

import argparse
import math
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress

from local.ports import SENDGRID_PORT
from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.rate_limit import RateLimit
from local.sendgrid_double.server import serve

_USAGE = """\
SendGrid double on {base_url} with {contacts} contacts. Ctrl-C stops it.
  try      curl -H 'Authorization: Bearer {key}' {base_url}/v3/marketing/contacts/count
  watch    curl {base_url}/_double/requests
  disturb  curl -d '{{"method": "DELETE", "status": 503}}' {base_url}/_double/faults
  more     docs/double.md"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until SIGINT or SIGTERM."""
    # A shell without job control starts what it puts in the background with SIGINT ignored.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        _serve(arguments)


def _serve(arguments: Sequence[str] | None) -> None:
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        rate_limit = (
            None
            if options.rate_limit is None
            else RateLimit(limit=options.rate_limit, window_seconds=options.window, reset=options.reset)
        )
    except ValueError as error:
        parser.error(str(error))
    double = SendGridDouble(
        job_delay=options.job_delay,
        export_delay=options.export_delay,
        rate_limit=rate_limit,
        api_keys=options.api_key,
        latency_seconds=options.latency,
    )
    for number in range(options.contacts):
        double.account.add_contact(email=f"contact-{number}@example.com")
    with serve(double, host=options.host, port=options.port) as base_url:
        key = "<your key>" if options.api_key else "any"
        print(_USAGE.format(base_url=base_url, contacts=options.contacts, key=key), flush=True)
        threading.Event().wait()


def make_parser() -> argparse.ArgumentParser:
    """The command line, as docs/double.md describes it."""
    parser = argparse.ArgumentParser(prog="python -m local.sendgrid_double", description=__doc__)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s); 0.0.0.0 for containers"
    )
    parser.add_argument(
        "--port", type=port, default=SENDGRID_PORT, help="port to listen on (%(default)s); 0 for any free one"
    )
    parser.add_argument("--contacts", type=count, default=0, metavar="N", help="start with N contacts")
    parser.add_argument(
        "--job-delay",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="until a job has run (%(default)s)",
    )
    parser.add_argument(
        "--export-delay",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="until an export is ready (%(default)s)",
    )
    parser.add_argument(
        "--latency",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="added to every response (%(default)s)",
    )
    parser.add_argument(
        "--rate-limit", type=count, metavar="N", help="calls per endpoint and window (no limit)"
    )
    parser.add_argument(
        "--window", type=seconds, default=60.0, metavar="SECONDS", help="of the rate limit (%(default)s)"
    )
    parser.add_argument(
        "--reset", choices=["epoch", "seconds"], default="epoch", help="X-RateLimit-Reset as (%(default)s)"
    )
    parser.add_argument(
        "--api-key", action="append", metavar="KEY", help="accept only this key (any); repeatable"
    )
    return parser


# argparse shows the names of these to the user: "invalid port value: '70000'".
def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    main()
