"""The application, from the producers to the ends of their requests."""

import itertools
import json
import logging
import os
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from functools import partial
from threading import get_ident
from typing import Any
from unittest.mock import patch

from contact_deletion.errors import NotAccepted
from contact_deletion.runtime import Runtime, Settings
from contact_deletion.sendgrid.transport import new_session
from local.aws.partial_batch_response import failed_messages
from local.aws.sqs_event import record
from local.sendgrid_double.rate_limit import RateLimit
from local.simulation.accepted_contacts import AcceptedContacts
from local.simulation.aws import Cloud
from local.simulation.cases import Case
from local.simulation.chance import Chance
from local.simulation.functions import Environment, Function
from local.simulation.in_turn import call_in_turn
from local.simulation.producers import Producers, Sent
from local.simulation.queue_figures import Figures, figures
from local.simulation.queue_functions import FED
from local.simulation.queues import Message, Queue
from local.simulation.reports import Reports
from local.simulation.requested_deletions import MAX_AGE_SECONDS, RequestedDeletions
from local.simulation.secrets import Secrets, Watched
from local.simulation.sendgrid import SendGrid
from local.simulation.time import Time
from local.simulation.truth import Truth
from local.simulation.wire import Invocation, ProcessKilled, Wire

SEVERITIES = [0.0, 0.3, 1.0, 2.0, 4.0, 7.0]

# How the names of such faults begin.
_DISTURBING = ("aws_", "message delivered twice", "deletion of a message ineffective")

SERVICES = ["dynamodb", "sqs", "events", "states", "secretsmanager"]
RATE_LIMITS = [
    None,
    RateLimit(limit=20, window_seconds=10, reset="epoch"),
    RateLimit(limit=10, window_seconds=60, reset="seconds"),
    RateLimit(limit=10, window_seconds=60, reset="seconds", by_endpoint={"POST *": 4}, aligned=True),
]

# Powertools keeps one logger for a service name.
_worlds = itertools.count()


class Stuck(AssertionError):
    """The queues do not become empty."""


class Simulation:
    """`violations` has what was seen while it ran that must not be; `invariants` judges the rest at the end."""

    def __init__(
        self,
        seed: int,
        *,
        rate_limit: RateLimit | None = None,
        log_level: str = "DEBUG",
    ) -> None:
        """At DEBUG, libraries' loggers are watched too."""
        self.seed = seed
        self._log_level = log_level
        self.chance = Chance(seed)
        self.time = Time()
        self.wire = Wire(self.chance, self.time)
        self.wire.meanwhile = lambda: self._deliver_somewhere()
        self.secrets = Secrets()
        limit = rate_limit or self.chance.choice(RATE_LIMITS)
        self.sendgrid = SendGrid(
            self.wire, self.secrets, limit, lambda *deletion: self.deletions.judge(*deletion)
        )
        self.producers = Producers(self.chance, self.time, self.secrets, self.sendgrid)
        self.log = Watched(self.secrets, "the log")
        self.other_loggers = Watched(self.secrets, "a logger of a library's")
        self.metrics = Watched(self.secrets, "standard output")
        self.truth = Truth(self.sendgrid, self.time)
        self.accepted_contacts = AcceptedContacts(self.time, self.sendgrid.identified_ids)
        self.violations: list[str] = []
        self.sent: dict[str, Sent] = {}
        # By the ID of the message.
        self.serials: dict[str, str] = {}
        self.deletions = RequestedDeletions(self.sent, self.sendgrid, self.accepted_contacts, self.time)
        self.reports = Reports(self.sent, self.serials, self.truth, self.wire)
        self.cloud = Cloud(self.wire, self.secrets, bus=self.reports.event)

        # The serial numbers of requests whose message may have come back after it was reported: a fault of AWS's, or
        # the end of a process, kept it from being recorded, reported or deleted; or SQS delivered it twice.
        self.disturbed: set[str] = set()

        # Jobs whose IDs a process received.
        self.named_jobs: set[str] = set()

        # The caller of a direct invocation tracks its jobs.
        self.jobs_of_workflows: set[str] = set()

        self.deliveries = self.invocations = 0
        self._service = f"soak-{next(_worlds)}"
        self.functions = [self._function(name, what) for name, what in figures().items()]
        for _ in range(5):
            self.sendgrid.account.add_contact(external_id="a bystander")
        self.bystanders = self.sendgrid.account.contact_ids()

    def _function(self, name: str, what: Figures) -> Function:
        dead_letters = Queue(f"{name}DeadLetterQueue", self.time, self.chance)
        queue = Queue(
            f"{name}Queue",
            self.time,
            self.chance,
            visibility_timeout=what.visibility_timeout,
            max_receive_count=what.max_receive_count,
            delay=what.delay,
            dead_letter_queue=dead_letters,
        )
        self.cloud.queues |= {queue.name: queue, dead_letters.name: dead_letters}
        return Function(name, what, queue, lambda: self._start(name, dead_letters.url))

    def _start(self, name: str, dead_letter_queue_url: str) -> Environment:
        session = new_session()
        session.mount("https://", self.sendgrid)
        runtime = Runtime(
            settings=Settings(
                service=self._service,
                metrics_namespace="Soak",
                sendgrid_base_url="https://api.sendgrid.com",
                api_key_secret_id="secret",
                on_behalf_of="",
                ledger_table="LedgerTable",
                dead_letter_queue_url=dead_letter_queue_url,
                deletion_status_queue_url=self.cloud.queues["DeletionStatusQueue"].url,
                event_bus_name="default",
                contact_verification="on-error",
                delete_all_enabled=True,
                delete_all_max_age_seconds=MAX_AGE_SECONDS,
            ),
            aws_client=self.cloud.client,
            new_session=lambda: session,
            clock=self.time,
            sleep=self.wire.sleep,
            jitter=self.chance.uniform,
            log_stream=self.log,
        )
        call_in_turn(runtime)  # so that the seed decides the order
        return Environment(FED[name].build(runtime).handle)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Powertools sees simulated time, and whatever is logged or printed is watched."""
        random.seed(self.seed)  # for the ledger's jitter
        own_thread, real_uuid4 = get_ident(), uuid.uuid4
        with (
            self.time.of_powertools(),
            redirect_stdout(self.metrics),
            # Threads of other tests' servers may draw ids meanwhile: these must not use up our chance.
            patch(
                "uuid.uuid4",
                lambda: (
                    uuid.UUID(int=self.chance.getrandbits(128)) if get_ident() == own_thread else real_uuid4()
                ),
            ),
            patch.dict(os.environ, POWERTOOLS_LOG_LEVEL=self._log_level),
            ExitStack() as loggers,
        ):
            for name in ("", "aws_lambda_powertools"):  # Powertools' own does not reach the root's handlers
                loggers.enter_context(
                    _redirected_to(logging.getLogger(name), self.other_loggers, self._log_level)
                )
            yield

    def run(self, messages: int) -> None:
        """Sends at least so many, at random times, with faults; then the faults stop and the queues are drained."""
        with self.under_way():
            self._choose_ways()
            step = 0
            while len(self.sent) < messages or step % 60:
                if len(self.sent) < messages and self.chance.random() < 0.3:
                    self._send_some(messages)
                self._change_conditions(step)
                if not self._deliver_somewhere():
                    self._wait()
                if self.chance.random() < 0.03:
                    self._invoke_directly()
                step += 1
            self.drain()

    def send(self, sent: Sent) -> None:
        attributes = {"Serial": {"DataType": "String", "StringValue": sent.serial}}
        message = self.cloud.queues[f"{sent.function}Queue"].send(sent.body, attributes)
        self.sent[sent.serial] = sent
        self.serials[message.id] = sent.serial

    def step(self, until: float) -> bool:
        """A batch as large as it may be, or the time until the next; false at the end."""
        if self.time() >= until:
            return False
        moments = [
            (moment + function.declared.window, function.name, function)
            for function in self.functions
            if (moment := function.queue.next_visible_at()) is not None
        ]
        moment, _, function = min(moments)
        if moment <= self.time():
            self.deliver(function, function.declared.batch_size)
        else:
            self.time.pass_by(min(moment, until) - self.time())
        return True

    def drain(self) -> None:
        """Nothing goes wrong any more. Raises Stuck."""
        self.chance.severity = 0.0
        self.wire.away = None
        self.sendgrid.down = False
        self._store_key()
        for _ in range(1_000 + 20 * len(self.sent)):
            if not any(function.queue.messages for function in self.functions):
                return
            if not self._deliver_somewhere():
                self._wait()
        raise Stuck(f"seed {self.seed}: the queues do not get empty")

    def _choose_ways(self) -> None:
        """What SendGrid does in this run that it need not do."""
        sendgrid, settings = self.sendgrid, self.sendgrid.account.settings
        sendgrid.cases = frozenset(case for case in Case if self.chance.random() < 0.5)
        if Case.UNKNOWN_ID in sendgrid.cases:
            sendgrid.unknown_id_status = self.chance.choice([400, 404])
        if Case.FORGOTTEN_JOB in sendgrid.cases:
            settings.job_lifetime_seconds = self.chance.choice([600.0, 7200.0])
        if self.chance.random() < 0.5:
            settings.deletion_seconds = lambda: self.chance.choice([0.0, 60.0, 750.0])
        settings.read_lag_seconds = self.chance.choice([0.0, 0.0, 2.0, 20.0])

    def _send_some(self, messages: int) -> None:
        for _ in range(min(self.chance.choice([1, 3, 10, 50]), messages - len(self.sent))):
            for sent in self.producers.messages():
                self.send(sent)

    def _change_conditions(self, step: int) -> None:
        if step % 20 == 0:
            self.chance.severity = self.chance.choice(SEVERITIES)
            self.sendgrid.longest_url = self.chance.choice([8_200, 8_200, 4_000])
            self._store_key()
            away = self.chance.fault("a service of AWS's away for a while", 0.15)
            self.wire.away = self.chance.choice(SERVICES) if away else None
        if self.chance.fault("key rotated", 0.01):
            self.sendgrid.api_key = self.secrets.new_api_key()
            if self.chance.random() < 0.7:
                self._store_key()
        for function in self.functions:
            if function.environments and self.chance.random() < 0.02:
                function.environments = [
                    environment for environment in function.environments if environment.busy
                ]

    def _store_key(self) -> None:
        """Requests by identifiers are new after a rotation."""
        if self.secrets.api_key != self.sendgrid.api_key:
            self.secrets.api_key = self.sendgrid.api_key
            self.accepted_contacts.key_rotated()

    def _wait(self) -> None:
        """Until the next message can be seen."""
        moments = [
            moment for function in self.functions if (moment := function.queue.next_visible_at()) is not None
        ]
        if moments:
            self.time.pass_by(min(moments) - self.time())

    def _deliver_somewhere(self) -> bool:
        ready = [
            function
            for function in self.functions
            if function.has_room
            and (moment := function.queue.next_visible_at()) is not None
            and moment <= self.time()
        ]
        if not ready:
            return False
        self.deliver(self.chance.choice(ready))
        return True

    def deliver(self, function: Function, most: int | None = None) -> None:
        """One batch, as the event source mapping hands it over; what is answered for is deleted."""
        size = most or self.chance.choice([1, 10, 100, function.declared.batch_size])
        before = self._disturbances()
        batch = function.queue.receive(min(size, function.declared.batch_size))
        if not batch:
            return
        self._process(function, batch)
        if self._disturbances() > before:
            self.disturbed.update(serial for message in batch for serial in self._serials_of(message))

    def _disturbances(self) -> int:
        """How many faults there were so far that may have a message come back after it was reported."""
        faults = self.chance.faults
        return self.wire.kills.total() + sum(
            number for kind, number in faults.items() if kind.startswith(_DISTURBING) or "in part" in kind
        )

    def _serials_of(self, message: Message) -> list[str]:
        """Those of the requests that it is, or is about."""
        if message.id in self.serials:
            return [self.serials[message.id]]
        named = (request.get("message_id") for request in json.loads(message.body)["requests"])
        return [self.serials[each] for each in named if each is not None]

    def _process(self, function: Function, batch: list[Message]) -> None:
        self.deliveries += len(batch)
        event = {"Records": [_record(message, function.queue.arn) for message in batch]}
        serials = tuple(self.serials.get(message.id, "") for message in batch)
        response = self._invoke(function, event, serials)
        if response is None:
            return
        failed = failed_messages(response, [message.id for message in batch])
        for message in batch:
            if message.id not in failed:
                function.queue.delete(message)

    def _invoke(self, function: Function, event: Any, serials: tuple[str, ...]) -> Any:
        """None where the process was killed."""
        self.invocations += 1
        environment = function.environment()
        invocation = Invocation(
            function=function.name,
            ends_at=self.time() + function.declared.timeout,
            batch=serials,
            began_at=self.time(),
            done_before=self._done(serials),
            clock=self.time,
        )
        environment.busy = True
        self.wire.running.append(invocation)
        try:
            response = environment.handle(event, invocation)
        except ProcessKilled:
            return None
        except NotAccepted:
            raise
        except Exception as error:
            self.violations.append(f"{function.name} raised {error!r}")
            return None
        finally:
            self.wire.running.pop()
            environment.busy = False
            if invocation.killed and environment in function.environments:
                function.environments.remove(environment)
            self.named_jobs.update(invocation.named_jobs)
            self.accepted_contacts.ended(invocation)
            self.last_invocation = invocation
        return response

    def _done(self, serials: tuple[str, ...]) -> frozenset[str]:
        """Those that the ledger has as done, for longer than the invocation can take."""
        return frozenset(
            serial
            for serial in serials
            if serial
            and not self.sent[serial].by_identifiers  # after a rotation it is done again
            and (key := self.sent[serial].key)
            and self.cloud.table.is_completed(key, self.time() + 400)
        )

    def _invoke_directly(self) -> None:
        """As a workflow does, with a request of its own."""
        many = self.chance.choice([3, 3, 3, 500])
        makers: list[Callable[[], Sent]] = [
            self.producers.identifier,
            partial(self.producers.bulk, many),
            partial(self.producers.by_identifiers, request_id=f"direct-{self.invocations}"),
        ]
        self.invoke_directly(self.chance.choice(makers)())

    def invoke_directly(self, sent: Sent) -> None:
        function = next(each for each in self.functions if each.name == sent.function)
        self.sent[sent.serial] = sent
        try:
            response = self._invoke(function, sent.payload, (sent.serial,))
        except NotAccepted as error:
            self.secrets.watch("a workflow", f"{error!r} {error} {error.__cause__!r}")
            self.jobs_of_workflows.update(error.job_ids)
            self._expect_jobs(str(error))
        else:
            self.secrets.watch("a workflow", str(response))
            self.jobs_of_workflows.update(response["job_ids"] if response else ())
        finally:
            del self.sent[sent.serial]
            self._direct_jobs(sent)

    def _expect_jobs(self, message: str) -> None:
        """Of an error, Step Functions has nothing but its name and its message."""
        lost = [job_id for job_id in self.last_invocation.named_jobs if job_id not in message]
        if lost:
            self.violations.append(f"a workflow does not learn of jobs that it started: {lost[:3]}")

    def _direct_jobs(self, sent: Sent) -> None:
        """Killed or not, its record's jobs are its workflow's."""
        item = self.cloud.table.items.get(sent.key or "", {})
        with suppress(KeyError):
            self.jobs_of_workflows.update(json.loads(item["data"]["S"])["job_ids"])


@contextmanager
def _redirected_to(logger: logging.Logger, stream: Watched, level: str) -> Iterator[None]:
    before, handlers = logger.level, logger.handlers
    logger.handlers = [logging.StreamHandler(stream)]
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.handlers = handlers
        logger.setLevel(before)


def _record(message: Message, queue_arn: str) -> dict[str, Any]:
    """As Lambda's event has it."""
    reported: Any = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": {"ApproximateReceiveCount": str(message.receive_count)},
        "MessageAttributes": message.attributes,
        "MD5OfBody": "",
    }
    return record(reported, queue_arn)
