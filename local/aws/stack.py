"""The template's stack on this machine: AWS's services in moto, functions in processes of their own.

with EmbeddedStack(Path("template.yaml"), parameters={"SendGridBaseUrl": "http://127.0.0.1:4611"}) as stack:
    stack.sqs.send_message(QueueUrl=stack.ref("BulkDeleteQueue"), MessageBody="{}")
    stack.wait_until_idle()
    print(stack.messages_of("BulkDeleteDeadLetterQueue"), stack.logs("BulkDeleteFunction"))
    execution = stack.start_execution("RemoveContactIdentifierStateMachine", {"contact_id": "…"}, name="first")
    print(stack.wait_for_execution(execution))
"""

import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.aws.description import description
from local.aws.event_source_mapping import EventSourceMapping, MappingConfiguration
from local.aws.execution_environment import FunctionConfiguration
from local.aws.function import Function
from local.aws.intrinsics import text
from local.aws.lambda_api import LambdaApi
from local.aws.moto_server import LOOPBACK, MotoServer, QueueCounts
from local.aws.names import arn
from local.aws.resources import Resources
from local.aws.state_machines import Execution, StateMachines
from local.aws.template import load_template
from local.waiting import STALLED_AFTER_SECONDS, wait_until

_ENTRIES_PER_CALL = 10  # of SendMessageBatch
# The queue of the events that are recorded.
RECORDED_EVENTS = "RecordedEvents"


class EmbeddedStack:
    """Everything starts on entering and is gone after leaving.

    `parameters` override the template's defaults; `properties` override single properties of its resources,
    by logical id, where a test cannot wait; `secrets` are the values of its secrets, by logical id. AWS's services
    are at `port` of all `hosts`, see MotoServer. The waits of workflows and the intervals between their retries
    take `time_scale` of what they say; their timeouts do not.
    """

    def __init__(
        self,
        template: Path,
        *,
        parameters: Mapping[str, str] | None = None,
        properties: Mapping[str, Mapping[str, Any]] | None = None,
        secrets: Mapping[str, str] | None = None,
        hosts: Sequence[str] = (LOOPBACK,),
        port: int = 0,
        time_scale: float = 1.0,
    ) -> None:
        self._template = load_template(template, parameters, properties)
        self._secrets = secrets or {}
        self._hosts = hosts
        self._port = port
        self._time_scale = time_scale
        self._exit_stack = ExitStack()
        self.functions: dict[str, Function] = {}
        self.event_source_mappings: dict[str, EventSourceMapping] = {}
        self.buckets = list(self._template.of_type("AWS::S3::Bucket"))
        self.state_machines = list(self._template.of_type("AWS::StepFunctions::StateMachine"))

    def __enter__(self) -> Self:
        with ExitStack() as exit_stack:
            directory = Path(exit_stack.enter_context(tempfile.TemporaryDirectory()))
            self._directory = directory
            lambda_api = exit_stack.enter_context(LambdaApi(self.functions, self.event_source_mappings))
            # Executions end with moto, and only then the functions that they may be invoking.
            exit_stack.callback(self._stop_functions)
            self.moto = MotoServer(
                directory / "moto.log",
                hosts=self._hosts,
                port=self._port,
                lambda_url=lambda_api.url,
                time_scale=self._time_scale,
            )
            exit_stack.enter_context(self.moto)
            self._resources = Resources(self._template, self.moto.url, self._secrets)
            self.sqs = self._resources.sqs
            self.dynamodb = self._resources.dynamodb
            self.secrets_manager = self._resources.secrets_manager
            self.s3 = self._resources.s3
            self.sns = self._resources.sns
            self.events = self._resources.events
            self.step_functions = self._resources.step_functions
            log_directories = {}
            for logical_id in self._template.of_type("AWS::Lambda::Function"):
                configuration = self._function_configuration(logical_id)
                self.functions[logical_id] = Function(configuration, directory / logical_id)
                log_directories[configuration.log_group] = directory / logical_id
            self._state_machines = StateMachines(self._template, self._resources)
            exit_stack.callback(self._stop_event_source_mappings)
            for properties in self._template.of_type("AWS::Lambda::EventSourceMapping").values():
                self._start_event_source_mapping(self._resources.resolve(properties))
            self.moto.describe(description(self._template, self._resources, log_directories))
            self._exit_stack = exit_stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            # No caller waits for what runs.
            for function in self.functions.values():
                function.kill()
        self._exit_stack.close()

    def kill(self) -> None:
        """Ends every process and removes every file at once, while it starts too, and from any thread.

        Only for a program that ends itself next: threads that still call the stack meet errors.
        """
        for function in list(self.functions.values()):
            function.kill_all()
        if hasattr(self, "moto"):
            self.moto.kill()
        if hasattr(self, "_directory"):
            shutil.rmtree(self._directory, ignore_errors=True)

    def ref(self, logical_id: str) -> str:
        """What Ref gives: a queue's URL, a table's or bucket's name, a secret's, topic's or state machine's ARN."""
        return self._resources.attribute_of(logical_id, "Ref")

    def send(self, queue: str, bodies: Sequence[str]) -> list[str]:
        """Puts messages into a queue, and gives their ids. Raises RuntimeError for one that the queue does not take."""
        message_ids: list[str] = []
        for start in range(0, len(bodies), _ENTRIES_PER_CALL):
            response = self.sqs.send_message_batch(
                QueueUrl=self.ref(queue),
                Entries=[
                    {"Id": str(number), "MessageBody": body}
                    for number, body in enumerate(bodies[start : start + _ENTRIES_PER_CALL])
                ],
            )
            if failed := response.get("Failed"):
                raise RuntimeError(f"{queue} did not take every message: {failed}")
            by_number = {int(sent["Id"]): sent["MessageId"] for sent in response["Successful"]}
            message_ids += [by_number[number] for number in sorted(by_number)]
        return message_ids

    def invoke(self, function: str, event: Any) -> Any:
        """Returns the result of a synchronous invocation. Raises FunctionError."""
        return self.functions[function].invoke(event)

    def start_execution(self, state_machine: str, payload: Any, name: str) -> str:
        """The execution's ARN. Raises the client's ExecutionAlreadyExists for a name that was used before."""
        return self._state_machines.start(self.ref(state_machine), payload, name)

    def wait_for_execution(
        self, execution_arn: str, stalled_after: float = STALLED_AFTER_SECONDS
    ) -> Execution:
        """Returns when it has ended, however. Raises Stalled, with the states entered, when nothing moves."""
        wait_until(
            lambda: self._state_machines.describe(execution_arn).status != "RUNNING",
            lambda: (self.states_of(execution_arn), self.progress()),
            stalled_after=stalled_after,
        )
        return self._state_machines.describe(execution_arn)

    def describe_execution(self, execution_arn: str) -> Execution:
        """How the execution is now."""
        return self._state_machines.describe(execution_arn)

    def states_of(self, execution_arn: str) -> list[str]:
        """The states entered so far, in order, without those of a Distributed Map's children."""
        return self._state_machines.states_of(execution_arn)

    def record_events(self, source: str) -> None:
        """From now on, `recorded_events` has the events that `source` puts on the default event bus."""
        self.sqs.create_queue(QueueName=RECORDED_EVENTS)
        self.events.put_rule(Name=RECORDED_EVENTS, EventPattern=json.dumps({"source": [source]}))
        target = {"Id": RECORDED_EVENTS, "Arn": arn("sqs", RECORDED_EVENTS)}
        self.events.put_targets(Rule=RECORDED_EVENTS, Targets=[target])  # type: ignore[list-item]

    def recorded_events(self, start: int = 0) -> list[dict[str, Any]]:
        """In EventBridge's form, with `source`, `detail-type`, `detail`; without the first `start`."""
        return [json.loads(message["Body"]) for message in self.moto.messages_of(RECORDED_EVENTS, start)]

    def published(self, topic_arn: str) -> list[dict[str, Any]]:
        """The messages of an SNS topic so far: `Subject` (or None) and `Message`."""
        return self.moto.messages_published_to(topic_arn)

    def logs(self, function: str) -> str:
        """What the function's environments printed so far."""
        return self.functions[function].logs()

    def structured_logs(self, function: str) -> list[dict[str, Any]]:
        """The lines of the logs that are JSON: log records, and metrics in CloudWatch's embedded format."""
        lines = self.logs(function).split("\n")[:-1]  # what follows the last newline is still being written
        return [json.loads(line) for line in lines if line.startswith("{")]

    def messages_of(self, queue: str) -> list[dict[str, Any]]:
        """The queue's messages in ReceiveMessage's form, in flight or not, without receiving them."""
        return self.moto.messages_of(queue)

    def queue_counts(self) -> dict[str, QueueCounts]:
        """How many messages are in each queue, all counted at the same moment."""
        return self.moto.queue_counts()

    def end_visibility_timeouts(self, queue: str) -> None:
        """Makes messages in flight visible, as if the time had passed; those being processed too."""
        self.moto.end_visibility_timeouts(queue)

    def check(self) -> None:
        """Raises what ended an event source mapping's work, if anything did."""
        for mapping in self.event_source_mappings.values():
            mapping.check()

    def progress(self) -> tuple[dict[str, QueueCounts], dict[str, int]]:
        """What moves while the stack works: the messages in each queue that has any, and the bytes logged.

        Raises what ended an event source mapping's work, if anything did.
        """
        self.check()
        counts = {queue: counts for queue, counts in self.queue_counts().items() if counts.total}
        return counts, {name: function.log_bytes() for name, function in self.functions.items()}

    def wait_until_idle(
        self, queues: Collection[str] | None = None, *, stalled_after: float = STALLED_AFTER_SECONDS
    ) -> None:
        """Returns when no message is left in these queues, or in any that a function is fed from.

        A deferred message is still there, in flight. Raises Stalled when nothing moves.
        """
        watched = self.event_source_mappings if queues is None else queues
        wait_until(
            lambda: not any(self.queue_counts()[queue].total for queue in watched),
            self.progress,
            stalled_after=stalled_after,
        )

    def _function_configuration(self, logical_id: str) -> FunctionConfiguration:
        properties = self._resources.resolve(
            {
                name: self._template.resources[logical_id]["Properties"][name]
                for name in ("Handler", "Runtime", "Timeout", "MemorySize", "Environment", "LoggingConfig")
                if name in self._template.resources[logical_id]["Properties"]
            }
        )
        declared = properties.get("Environment", {}).get("Variables", {})
        return FunctionConfiguration(
            name=logical_id,
            arn=self._resources.attribute_of(logical_id, "Arn"),
            handler=properties["Handler"],
            runtime=properties["Runtime"],
            code_directory=self._template.code_directories[logical_id],
            timeout_seconds=float(properties.get("Timeout", 3)),
            memory_mb=int(properties.get("MemorySize", 128)),
            environment={name: text(value) for name, value in declared.items()}
            | {"AWS_ENDPOINT_URL": self.moto.url},
            log_group=properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{logical_id}"),
        )

    def _start_event_source_mapping(self, properties: Mapping[str, Any]) -> None:
        queue = properties["EventSourceArn"].rpartition(":")[2]
        configuration = MappingConfiguration.of_properties(properties, self.ref(queue))
        function = self.functions[configuration.function_name]
        self.event_source_mappings[queue] = EventSourceMapping(configuration, self.sqs, function.invoke)

    def _stop_functions(self) -> None:
        for function in self.functions.values():
            function.stop()

    def _stop_event_source_mappings(self) -> None:
        for mapping in self.event_source_mappings.values():
            mapping.stop_gathering()
        for mapping in self.event_source_mappings.values():
            mapping.stop()
