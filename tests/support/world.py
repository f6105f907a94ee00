"""The world that a function runs in: moto for AWS, the SendGrid double on loopback, a clock without waits."""

import io
import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlparse

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from contact_deletion.handlers import (
    bulk_delete,
    contact_count,
    delete_all,
    deletion_status,
    identifier_check,
    remove_identifier,
)
from contact_deletion.runtime import Runtime, Settings
from contact_deletion.sendgrid.transport import new_session
from local.aws.names import ACCOUNT_ID, REGION
from local.aws.sqs_event import record
from local.outcome_lines import of_each_request
from local.sendgrid_double import ReceivedRequest, SendGridDouble, serve
from local.simulation.context import Context
from local.simulation.ledger_table import make_ledger
from local.simulation.queue_functions import QUEUES
from tests.support import events
from tests.support.aws import aws, aws_client
from tests.support.clock import FakeClock

API_KEY = "SG.example-key-of-the-double"
TABLE = "LedgerTable"
STATUS_QUEUE = "DeletionStatusQueue"
_QUEUES = [*QUEUES.values(), "BulkDeleteDeadLetterQueue"]
"""Those that are there from the beginning; others are made when they are asked for."""

EVENT_SOURCE = "sendgrid-contact-deletion"

_numbers = itertools.count()


@dataclass
class World:
    runtime: Runtime
    double: SendGridDouble
    clock: FakeClock
    secret_arn: str
    log: io.StringIO
    task_responses: list[dict[str, Any]]
    """The notifications of workflows that wait with a task token: the token, and `output`, or `error` and `cause`."""

    bus_entries: list[dict[str, Any]]
    """What the event bus took since it was last asked for, as it was put."""

    queue_urls: dict[str, str]
    context: Context = field(default_factory=Context)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """New execution environments, as after a deployment: whatever an environment remembers is gone."""
        self._functions: dict[str, Any] = {}

    def change_settings(self, **changes: Any) -> None:
        self.runtime = replace(self.runtime, settings=replace(self.runtime.settings, **changes))
        self.restart()

    def use_client(self, service: str, client: Any) -> None:
        """In place of moto's, from now on."""
        self.runtime = replace(
            self.runtime, aws_client=lambda name: client if name == service else aws_client(name)
        )
        self.restart()

    def bulk_delete(self, event: object) -> Any:
        return self._invoke(bulk_delete, event)

    def delete_all(self, event: object) -> Any:
        return self._invoke(delete_all, event)

    def remove_identifier(self, event: object) -> Any:
        return self._invoke(remove_identifier, event)

    def deletion_status(self, event: object) -> Any:
        return self._invoke(deletion_status, event)

    def contact_count(self, event: object) -> Any:
        return self._invoke(contact_count, event)

    def identifier_check(self, event: object) -> Any:
        return self._invoke(identifier_check, event)

    def _invoke(self, module: Any, event: object) -> Any:
        function = self._functions.get(module.OPERATION)
        if function is None:
            function = self._functions[module.OPERATION] = module.build(self.runtime)
        return function.handle(event, self.context)

    def new_contact(self, **identifiers: str) -> str:
        return self.double.account.add_contact(**(identifiers or {"external_id": "x"}))

    def now(self) -> str:
        """The time as a request states it."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()

    def jobs_end(self) -> None:
        """Time passes until SendGrid has done what it accepted."""
        self.clock.advance(3600)

    def deletions(self) -> list[ReceivedRequest]:
        return [request for request in self.double.requests if request.method == "DELETE"]

    def job_looks(self) -> list[ReceivedRequest]:
        """The calls that asked how a job stands."""
        return [request for request in self.double.requests if request.route.endswith("/imports/{job_id}")]

    def contact_looks(self) -> list[ReceivedRequest]:
        """The calls that asked which of some contacts there are."""
        return [request for request in self.double.requests if request.route.endswith("/batch")]

    def searches(self) -> list[ReceivedRequest]:
        """The calls that asked for contacts by what identifies them."""
        return [request for request in self.double.requests if "/search/" in request.route]

    def queue_url(self, queue: str) -> str:
        """The queue is made if there is none of this name."""
        if queue not in self.queue_urls:
            self.queue_urls[queue] = _make_queue(queue)
        return self.queue_urls[queue]

    def send(self, queue: str, *bodies: object, attributes: Mapping[str, Any] | None = None) -> None:
        for body in bodies:
            self.runtime.sqs.send_message(
                QueueUrl=self.queue_url(queue),
                MessageBody=body if isinstance(body, str) else json.dumps(body),
                MessageAttributes=attributes or {},
            )

    def receive(self, queue: str) -> dict[str, Any]:
        """The next batch as Lambda's poller hands it to a function."""
        response = self.runtime.sqs.receive_message(
            QueueUrl=self.queue_url(queue),
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return {
            "Records": [record(message, events.queue_arn(queue)) for message in response.get("Messages", [])]
        }

    def receive_all(self, queue: str) -> list[dict[str, Any]]:
        """Everything that can be received, as one batch's records."""
        received = []
        while records := self.receive(queue)["Records"]:
            received += records
        return received

    def dead_letters(self, queue: str = "BulkDeleteDeadLetterQueue") -> list[dict[str, Any]]:
        """Body and attributes of each message in the dead-letter queue."""
        return [
            {
                "body": message["body"],
                **{name: value["stringValue"] for name, value in message["messageAttributes"].items()},
            }
            for message in self.receive_all(queue)
        ]

    def status_messages(self) -> list[dict[str, Any]]:
        """The status checks that were sent since the last call."""
        return [json.loads(message["body"]) for message in self.receive_all(STATUS_QUEUE)]

    def outcome_events(self) -> list[dict[str, Any]]:
        """The outcome events that were put since this was last asked: each's detail, and its `kind`."""
        put, self.bus_entries[:] = self.bus_entries[:], []
        return [
            json.loads(entry["Detail"]) | {"kind": entry["DetailType"].removeprefix("Contact Deletion ")}
            for entry in put
        ]

    def ledger(self) -> list[dict[str, Any]]:
        """The ledger's items, as moto has them: to look at them is no call."""
        table = dynamodb_backends[ACCOUNT_ID][REGION].get_table(TABLE)
        return [item.to_json()["Attributes"] for item in table.all_items()]

    def change_ledger(self, **attributes: dict[str, str]) -> None:
        """Overwrites attributes of every item, for what only time could do: Powertools dates by the real clock."""
        for item in self.ledger():
            self.runtime.dynamodb.put_item(TableName=TABLE, Item=item | attributes)

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def outcomes(self) -> list[dict[str, Any]]:
        """What the log has of each outcome: a line may be about several requests."""
        return [
            outcome
            for line in self.log_lines()
            if line["message"].startswith("request ")
            for outcome in of_each_request(line)
        ]

    def rotate_key(self, key: str) -> None:
        """A new key at SendGrid and in Secrets Manager; the old one is void."""
        self.double.api_keys = {key}
        self.runtime.secrets_manager.put_secret_value(SecretId=self.secret_arn, SecretString=key)


@contextmanager
def _bus_entries(client: Any) -> Iterator[list[dict[str, Any]]]:
    """Fills with the entries of this project's that the default bus takes."""
    taken: list[dict[str, Any]] = []

    def remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["entries"] = json.loads(params["body"])["Entries"]

    def keep(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if "Entries" in parsed:
            taken.extend(
                entry
                for entry, result in zip(context["entries"], parsed["Entries"], strict=True)
                if (entry["EventBusName"], entry["Source"]) == ("default", EVENT_SOURCE)
                and "ErrorCode" not in result
            )

    client.meta.events.register("before-call.events.PutEvents", remember)
    client.meta.events.register("after-call.events.PutEvents", keep)
    yield taken
    client.meta.events.unregister("before-call.events.PutEvents", remember)
    client.meta.events.unregister("after-call.events.PutEvents", keep)


@contextmanager
def _task_responses(client: Any) -> Iterator[list[dict[str, Any]]]:
    """Fills with what is sent to Step Functions. moto accepts every token, and stores nothing."""
    responses: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        responses.append(json.loads(params["body"]))

    client.meta.events.register_last("before-call.sfn", note)  # after what makes a call fail
    yield responses
    client.meta.events.unregister("before-call.sfn", note)


@contextmanager
def own_service() -> Iterator[str]:
    """Powertools keeps one logger for a service name, so each world has its own; it is taken away again, because pytest
    goes through all that there are several times a test.
    """
    name = f"test-{next(_numbers)}"
    yield name
    logging.Logger.manager.loggerDict.pop(name, None)


def _make_queue(name: str) -> str:
    """Makes a queue in moto's own model, since calls of the clients' would take most of a world's time; gives its URL.

    A received message stays invisible longer than any machine needs for a test: moto's queues go by the real clock.
    """
    queue = sqs_backends[ACCOUNT_ID][REGION].create_queue(name, VisibilityTimeout="43200")
    return queue.url(urlparse(f"https://sqs.{REGION}.amazonaws.com"))


@contextmanager
def new_world(*, queues_and_ledger: bool = True) -> Iterator[World]:
    """Without queues and ledger it is made in half the time, for what has to do with neither."""
    clock = FakeClock()
    double = SendGridDouble(clock=clock, sleep=clock.sleep, job_delay=30.0, api_keys={API_KEY})
    log = io.StringIO()
    event_bridge, step_functions = aws_client("events"), aws_client("stepfunctions")
    with (
        aws(),
        serve(double) as base_url,
        _bus_entries(event_bridge) as bus_entries,
        _task_responses(step_functions) as task_responses,
        own_service() as service,
    ):
        secret = {"Name": "SendGridApiKeySecret", "SecretString": API_KEY}
        secret_arn = aws_client("secretsmanager").create_secret(**secret)["ARN"]
        queue_urls = dict.fromkeys(_QUEUES, "https://sqs.example.com/no-such-queue")
        if queues_and_ledger:
            queue_urls = {name: _make_queue(name) for name in _QUEUES}
            make_ledger(dynamodb_backends[ACCOUNT_ID][REGION], TABLE)
        settings = Settings(
            sendgrid_base_url=base_url,
            api_key_secret_id=secret_arn,
            on_behalf_of="",
            ledger_table=TABLE,
            dead_letter_queue_url=queue_urls["BulkDeleteDeadLetterQueue"],
            deletion_status_queue_url=queue_urls[STATUS_QUEUE],
            event_bus_name="default",
            contact_verification="on-error",
            delete_all_enabled=True,
            delete_all_max_age_seconds=900,
            service=service,
            metrics_namespace="Test",
        )
        with new_session() as session:
            runtime = Runtime(
                settings=settings,
                aws_client=aws_client,
                new_session=lambda: session,
                clock=clock,
                sleep=clock.sleep,
                jitter=lambda least, most: most,
                log_stream=log,
            )
            yield World(
                runtime=runtime,
                double=double,
                clock=clock,
                secret_arn=secret_arn,
                log=log,
                task_responses=task_responses,
                bus_entries=bus_entries,
                queue_urls=queue_urls,
            )
