"""`python -m local.stack`: the embedded stack for `sam local invoke` and for anything else that should not meet AWS."""

import argparse
import json
from pathlib import Path
from threading import Event

from local.aws.stack import EmbeddedStack
from local.sendgrid_double import SendGridDouble, serve

ROOT = Path(__file__).parents[1]
API_KEY = "SG.key-of-the-embedded-stack"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on; containers need 0.0.0.0")  # noqa: S104 - for containers
    parser.add_argument("--aws-port", type=int, default=5000)
    parser.add_argument("--sendgrid-port", type=int, default=8025)
    parser.add_argument(
        "--job-delay", type=float, default=30.0, help="seconds until SendGrid's jobs are done"
    )
    parser.add_argument(
        "--time-scale", type=float, default=1.0, help="how much of their waits workflows really wait"
    )
    options = parser.parse_args()
    double = SendGridDouble(job_delay=options.job_delay, api_keys={API_KEY})
    for contact in json.loads((ROOT / "events" / "contacts.json").read_text()):
        double.account.add_contact(**contact)
    with (
        serve(double, host=options.host, port=options.sendgrid_port),
        EmbeddedStack(
            ROOT / "template.yaml",
            parameters={
                "SendGridBaseUrl": f"http://127.0.0.1:{options.sendgrid_port}",
                "DeleteAllEnabled": "true",
            },
            secrets={"SendGridApiKeySecret": API_KEY},
            host=options.host,
            port=options.aws_port,
            time_scale=options.time_scale,
        ) as stack,
    ):
        print(f"AWS (SQS, DynamoDB, S3, Step Functions …):  http://127.0.0.1:{options.aws_port}")
        print(
            f"SendGrid, with {len(double.account)} contacts:               http://127.0.0.1:{options.sendgrid_port}"
        )
        for resource in (*stack.event_source_mappings, *stack.buckets, *stack.state_machines):
            print(f"{resource}:  {stack.ref(resource)}")
        print("Ctrl-C ends it.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
