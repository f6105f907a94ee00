"""What `make stack` prints first: where everything is, and what to type."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from local.aws.moto_server import LOOPBACK
from local.aws.names import REGION
from local.aws.stack import EmbeddedStack
from local.stack import sam_local
from local.stack.outcome_watch import OUTCOME_QUEUE

EVENTS = Path(__file__).parents[2] / "events"


@dataclass(frozen=True, kw_only=True)
class Guide:
    """To a running stack. The contacts of its commands are those of events/contacts.json."""

    stack: EmbeddedStack
    sendgrid_url: str
    api_key: str
    contact_count: int
    addresses: Sequence[str]
    seconds_to_outcome: int
    environment_file: Path

    def text(self) -> str:
        """Plain ASCII. Commands are indented by four; all work as they are once the first, the exports, were run."""
        return "\n\n".join(
            [
                "The whole application of template.yaml runs here: queues, functions, workflows, ledger and buckets,\n"
                "on stand-ins for AWS and SendGrid.",
                f"AWS        {self.stack.moto.url}\n"
                f"SendGrid   {self.sendgrid_url}, with the {self.contact_count} contacts of events/contacts.json\n"
                f"Listening  on {self._listening()}",
                *(f"{title}:\n\n{indent(commands, '    ')}" for title, commands in self._commands().items()),
                self._resources(),
                "Outcomes, as they happen (LOGS=1 shows the functions' logs, too). Ctrl-C ends it all.",
            ]
        )

    def _commands(self) -> dict[str, str]:
        # AWS CLI 1, and 2 before 2.13, need the option: they do not take AWS_ENDPOINT_URL, or not for SQS.
        url = self.stack.moto.url
        aws = f"aws --endpoint-url {url}"
        commands = {
            "In another terminal, for the AWS CLI (version 1 or 2) and for programs": (
                f"export AWS_ENDPOINT_URL={url} AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}\n"
                "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n"
                "unset AWS_PROFILE AWS_SESSION_TOKEN"
            ),
            "Send a message": (
                f"{aws} sqs send-message \\\n"
                f"  --queue-url {self.stack.ref('BulkDeleteQueue')} \\\n"
                """  --message-body '{"contact_ids": ["00000000-0000-4000-8000-00000000000a"]}'"""
            ),
            f"Read its outcome event, which comes after some {self.seconds_to_outcome} seconds": (
                f"{aws} sqs receive-message --wait-time-seconds 20 \\\n"
                f"  --queue-url {self._outcome_queue_url()} \\\n"
                "  --query 'Messages[].Body' --output text"
            ),
            "Start a workflow": (
                f"{aws} stepfunctions start-execution \\\n"
                f"  --state-machine-arn {self.stack.ref('RemoveContactIdentifierStateMachine')} \\\n"
                """  --input '{"contact_id": "00000000-0000-4000-8000-000000000001",\n"""
                """"identifier_type": "PHONENUMBERID", "identifier_value": "+15555550100"}'"""
            ),
            "Invoke a function": (
                f"{aws} lambda invoke --function-name BulkDeleteFunction \\\n"
                f"  --payload fileb://{shlex.quote(str(EVENTS / 'bulk-delete-direct.json'))} /dev/stdout"
            ),
            "See how many contacts are left": (
                "curl -sS -w '\\n' -H 'Authorization: Bearer "
                f"{self.api_key}' {self.sendgrid_url}/v3/marketing/contacts/count"
            ),
        }
        if self.environment_file != sam_local.FILE:
            commands["`sam local invoke` needs these ports as an option"] = (
                f"--env-vars {shlex.quote(str(self.environment_file))}"
            )
        return commands

    def _listening(self) -> str:
        match self.addresses:
            case [address] if address == LOOPBACK:
                return f"{LOOPBACK} only; HOST=... for another address, too"
            case [_]:
                return "every address of this machine"
            case _:
                return f"{' and '.join(self.addresses)}, where the containers of `sam local` reach it"

    def _outcome_queue_url(self) -> str:
        return self.stack.sqs.get_queue_url(QueueName=OUTCOME_QUEUE)["QueueUrl"]

    def _resources(self) -> str:
        names = (*self.stack.event_source_mappings, *self.stack.state_machines, *self.stack.buckets)
        width = max(map(len, names))
        return "\n".join(f"{name:<{width}}  {self.stack.ref(name)}" for name in names)
