"""The template's stack on moto, functions in processes of their own, SendGrid's double on HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from local.aws.names import arn
from local.aws.stack import EmbeddedStack
from local.aws.template import TEMPLATE
from local.sendgrid_double import SendGridDouble, Settings, serve

API_KEY = "SG.deployment"
# Half a minute takes a workflow 15 ms.
TIME_SCALE = 0.0005

STATUS_QUEUE = "DeletionStatusQueue"
_ALARM_TOPIC = "Alarms"
ALARM_TOPIC_ARN = arn("sns", _ALARM_TOPIC)
_SETTINGS = Settings(job_delay=0, export_delay=0)

StackT = TypeVar("StackT", bound=EmbeddedStack)


@dataclass
class Deployment:
    """`api_keys` are all that the functions were ever given, and may remember."""

    stack: EmbeddedStack
    double: SendGridDouble
    api_keys: tuple[str, ...] = (API_KEY,)

    def rotate_api_key(self) -> None:
        """From now on SendGrid knows a new key alone, and so does the secret."""
        key = f"{API_KEY}.{len(self.api_keys)}"
        self.api_keys += (key,)
        self.double.api_keys = {key}
        self.stack.secrets_manager.put_secret_value(
            SecretId=self.stack.ref("SendGridApiKeySecret"), SecretString=json.dumps({"api_key": key})
        )

    def reset(self, *, jobs_are_followed: bool) -> None:
        """SendGrid as it was in the beginning, and nothing in the queues."""
        mappings = self.stack.event_source_mappings
        # Again, because what is still processed may become a dead letter meanwhile.
        while waiting := [queue for queue, counts in self.stack.queue_counts().items() if counts.total]:
            for queue in waiting:
                if queue in mappings:
                    mappings[queue].disable()
                    mappings[queue].wait_until_idle()
                self._drain(queue)
        for queue, mapping in mappings.items():
            if jobs_are_followed or queue != STATUS_QUEUE:
                mapping.enable()
            else:
                mapping.disable()
        self.double.reset()
        self.double.settings.change(**vars(_SETTINGS))
        self.double.rate_limiter.configure(None)
        self.double.poison_ids = set()
        self.double.api_keys = set(self.api_keys)

    def _drain(self, queue: str) -> None:
        """PurgeQueue may be called only once in a minute."""
        sqs = self.stack.sqs
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self.stack.end_visibility_timeouts(queue)
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            sqs.delete_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ],
            )


@contextmanager
def deploy() -> Iterator[Deployment]:
    double = SendGridDouble(api_keys={API_KEY})
    with deployed(EmbeddedStack, double) as stack:
        yield Deployment(stack, double)


@contextmanager
def deployed(kind: type[StackT], double: SendGridDouble) -> Iterator[StackT]:
    """The template's stack of this kind, quick and with delete-all enabled, while the block runs."""
    with (
        serve(double) as base_url,
        kind(
            TEMPLATE,
            parameters={
                "SendGridBaseUrl": base_url,
                "DeleteAllEnabled": "true",
                "AlarmTopicArn": ALARM_TOPIC_ARN,
                "BatchingWindowSeconds": "0",
                "ConsistencyWindowSeconds": "0",
            },
            properties={STATUS_QUEUE: {"DelaySeconds": 0}},
            secrets={"SendGridApiKeySecret": API_KEY},
            time_scale=TIME_SCALE,
        ) as stack,
    ):
        stack.sns.create_topic(Name=_ALARM_TOPIC)
        stack.record_events("sendgrid-contact-deletion")
        yield stack
