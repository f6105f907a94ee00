"""The embedded stack in which every function reaches AWS through its own role's gate."""

from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.aws.event_source_mapping import EventSourceMapping, MappingConfiguration
from local.aws.execution_environment import FunctionConfiguration
from local.aws.names import REGION
from local.aws.stack import EmbeddedStack
from tests.permissions.gate import Gate
from tests.permissions.policy import Policy
from tests.support.template import role_statements

if TYPE_CHECKING:
    from collections.abc import Mapping


class EnforcedStack(EmbeddedStack):
    """`gates` by the functions' logical ids. What polls a function's queue does so with the function's role, as Lambda
    does. The roles of the workflows are not enforced: moto's interpreter does not check them.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.gates: dict[str, Gate] = {}
        self._open_gates = ExitStack()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open_gates:
            super().__exit__(kind, error, trace)

    def client(self, function: str, service: str) -> Any:
        """An AWS client with the permissions of a function."""
        session = boto3.session.Session("local", "local", region_name=REGION)
        return session.client(service, endpoint_url=self.gates[function].url, config=Config(proxies={}))

    def _function_configuration(self, logical_id: str) -> FunctionConfiguration:
        statements = role_statements(self._template, f"{logical_id}Role", self._resources.attribute_of)
        gate = Gate(Policy(statements), self.moto.url)
        self.gates[logical_id] = self._open_gates.enter_context(gate)
        configuration = super()._function_configuration(logical_id)
        environment = {**configuration.environment, "AWS_ENDPOINT_URL": gate.url}
        return replace(configuration, environment=environment)

    def _start_event_source_mapping(self, properties: "Mapping[str, Any]") -> None:
        queue = properties["EventSourceArn"].rpartition(":")[2]
        configuration = MappingConfiguration.of_properties(properties, self.ref(queue))
        function = configuration.function_name
        self.event_source_mappings[queue] = EventSourceMapping(
            configuration, self.client(function, "sqs"), self.functions[function].invoke
        )
