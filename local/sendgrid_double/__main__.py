"""`python -m local.sendgrid_double`: the double by itself, for any program to be tested against."""

import argparse
import signal
import threading
from collections.abc import Sequence

from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.rate_limit import RateLimit
from local.sendgrid_double.server import serve

_USAGE = """\
SendGrid double on {base_url} with {contacts} contacts. Ctrl-C stops it.
  try      curl -H 'Authorization: Bearer {key}' {base_url}/v3/marketing/contacts/count
  watch    curl {base_url}/_double/requests
  disturb  curl --json '{{"method": "DELETE", "status": 503}}' {base_url}/_double/faults
  more     python -m pydoc local.sendgrid_double.control"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until SIGINT or SIGTERM."""
    options = _parse(arguments)
    double = SendGridDouble(
        job_delay=options.job_delay,
        export_delay=options.export_delay,
        rate_limit=options.rate_limit
        and RateLimit(limit=options.rate_limit, window_seconds=options.window, reset=options.reset),
        api_keys=options.api_key,
        latency_seconds=options.latency,
    )
    for number in range(options.contacts):
        double.account.add_contact(email=f"contact-{number}@example.com")
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    with serve(double, host=options.host, port=options.port) as base_url:
        key = "<your key>" if options.api_key else "any"
        print(_USAGE.format(base_url=base_url, contacts=options.contacts, key=key), flush=True)
        stop.wait()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.sendgrid_double", description=__doc__)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s); 0.0.0.0 for containers"
    )
    parser.add_argument(
        "--port", type=int, default=8025, help="port to listen on (%(default)s); 0 for any free one"
    )
    parser.add_argument("--contacts", type=int, default=0, metavar="N", help="start with N contacts")
    parser.add_argument("--job-delay", type=float, default=30.0, metavar="SECONDS", help="until a job runs")
    parser.add_argument(
        "--export-delay", type=float, default=30.0, metavar="SECONDS", help="until an export is ready"
    )
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="added to every answer")
    parser.add_argument(
        "--rate-limit", type=int, metavar="N", help="calls per endpoint and window (default: no limit)"
    )
    parser.add_argument("--window", type=float, default=60.0, metavar="SECONDS", help="of the rate limit")
    parser.add_argument("--reset", choices=["epoch", "seconds"], default="epoch", help="X-RateLimit-Reset as")
    parser.add_argument("--api-key", action="append", metavar="KEY", help="accept only this key; repeatable")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
