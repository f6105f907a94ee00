"""Has moto's CloudFormation describe the template's stack, which is made without it.

moto makes less of a SAM template than the stack needs, and its state machines cannot be executed.
"""

import uuid
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from moto.cloudformation.models import Stack, cloudformation_backends

from local.aws.account import ACCOUNT_ID, REGION, STACK_NAME, arn


class _DescribedStack(Stack):
    """`outputs` are as DescribeStacks has them; `resources` have a type and a physical ID, by logical ID."""

    def __init__(self, outputs: list[dict[str, Any]], resources: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(
            stack_id=arn("cloudformation", f"stack/{STACK_NAME}/{uuid.uuid4()}"),
            name=STACK_NAME,
            template={},
            parameters={},
            account_id=ACCOUNT_ID,
            region_name=REGION,
        )
        self.status = "CREATE_COMPLETE"
        self._outputs = outputs
        self._resources = [
            SimpleNamespace(
                logical_resource_id=logical_id, cf_resource_type=kind, physical_resource_id=physical_id
            )
            for logical_id, (kind, physical_id) in resources.items()
        ]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return self._outputs

    @property
    def stack_resources(self) -> Any:
        return self._resources


def add_stack(outputs: list[dict[str, Any]], resources: Mapping[str, tuple[str, str]]) -> None:
    stack = _DescribedStack(outputs, resources)  # type: ignore[abstract]
    cloudformation_backends[ACCOUNT_ID][REGION].stacks[stack.stack_id] = stack
