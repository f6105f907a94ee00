"""A temporary rule and queue that receive the run's own outcome events."""

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from local.smoke.failures import CheckFailed

_SOURCE = "sendgrid-contact-deletion"
# No consumer of outcome events sees a probe.
_PROBE_SOURCE = f"{_SOURCE}.smoke-test"

_RETENTION_SECONDS = 3600


class EventListener:
    """Receives the outcome events of these request IDs, and no others, from entering until leaving.

    Where entering fails half-way, it removes what it made.
    """

    def __init__(self, sqs: Any, events: Any, *, bus: str, name: str, request_ids: list[str]) -> None:
        self.name = name
        self.by_request: dict[str, dict[str, Any]] = {}
        self._sqs = sqs
        self._events = events
        self._bus = bus
        self._request_ids = request_ids
        self._probe_id = f"{name}-probe"
        self._exit_stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as exit_stack:
            self._queue_url = self._sqs.create_queue(
                QueueName=self.name, Attributes={"MessageRetentionPeriod": str(_RETENTION_SECONDS)}
            )["QueueUrl"]
            exit_stack.callback(self._sqs.delete_queue, QueueUrl=self._queue_url)
            queue_arn = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])[
                "Attributes"
            ]["QueueArn"]
            rule_arn = self._events.put_rule(
                Name=self.name,
                EventBusName=self._bus,
                Description="Of a smoke test. Remove it if none is running.",
                EventPattern=json.dumps(
                    {
                        "source": [_SOURCE, _PROBE_SOURCE],
                        "detail": {"request_id": [*self._request_ids, self._probe_id]},
                    }
                ),
            )["RuleArn"]
            exit_stack.callback(self._events.delete_rule, Name=self.name, EventBusName=self._bus)
            self._sqs.set_queue_attributes(
                QueueUrl=self._queue_url, Attributes={"Policy": json.dumps(_policy(queue_arn, rule_arn))}
            )
            rule = {"Rule": self.name, "EventBusName": self._bus}
            exit_stack.callback(self._events.remove_targets, **rule, Ids=[self.name])
            put = self._events.put_targets(**rule, Targets=[{"Id": self.name, "Arn": queue_arn}])
            if put["FailedEntryCount"]:
                code = put["FailedEntries"][0].get("ErrorCode", "unknown")
                raise CheckFailed(f"EventBridge did not take the rule's target: {code}")
            self._exit_stack = exit_stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit_stack.close()

    def receives_its_own_event(self) -> bool:
        """Puts an event that only this rule matches, and says whether one has arrived.

        A new rule, and a new queue's policy, take a while to be in force.
        """
        self._put_probe()
        self.receive()
        return self._probe_id in self.by_request

    def receive(self) -> None:
        """Adds what has arrived to `by_request`; of an event that comes twice, the first counts."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60
        ).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                self.by_request.setdefault(event["detail"]["request_id"], event)
                self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _put_probe(self) -> None:
        put = self._events.put_events(
            Entries=[
                {
                    "EventBusName": self._bus,
                    "Source": _PROBE_SOURCE,
                    "DetailType": "Smoke Test Probe",
                    "Detail": json.dumps({"request_id": self._probe_id}),
                }
            ]
        )
        if put["FailedEntryCount"]:
            raise CheckFailed(
                f"EventBridge did not take an event: {put['Entries'][0].get('ErrorCode', 'unknown')}"
            )


def _policy(queue_arn: str, rule_arn: str) -> dict[str, Any]:
    """EventBridge may send to the queue, for this rule alone (AWS docs: Resource-based policies for EventBridge)."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
            }
        ],
    }
