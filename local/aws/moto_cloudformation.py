"""CloudFormation's calls that describe the one stack; moto reads the requests and writes the responses.

moto's own CloudFormation would make the stack itself, and less of it than is needed. It also imports all services, and
packages that nothing else here needs.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import BackendRequest

from local.aws.names import STACK_NAME, arn


class ValidationError(ServiceException):
    """CloudFormation's error for names of nothing. In moto's own modules an error is looked up by the module's name."""

    code = "ValidationError"


class DescribedStack:
    """`outputs` and `parameters` are as DescribeStacks has them.

    `resources` have a type and a physical ID, by logical ID.
    """

    def __init__(
        self,
        outputs: list[dict[str, Any]],
        parameters: list[dict[str, str]],
        resources: Mapping[str, tuple[str, str]],
    ) -> None:
        now = datetime.now(UTC)
        self.stack_id = arn("cloudformation", f"stack/{STACK_NAME}/{uuid.uuid4()}")
        identity = {"StackId": self.stack_id, "StackName": STACK_NAME}
        self.described = {
            **identity,
            "CreationTime": now,
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": outputs,
            "Parameters": parameters,
        }
        self.resources = [
            {
                **identity,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": kind,
                "ResourceStatus": "CREATE_COMPLETE",
                # One of them is in each response, as its call has it.
                "Timestamp": now,
                "LastUpdatedTimestamp": now,
            }
            for logical_id, (kind, physical_id) in resources.items()
        ]


class CloudFormation(BaseResponse):
    """Responds to one request. There is no `stack` before it is complete."""

    def __init__(self, stack: DescribedStack | None) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True
        self._stack = stack

    def describe_stacks(self) -> ActionResult:
        return ActionResult({"Stacks": [self._named_stack().described]})

    def describe_stack_resource(self) -> ActionResult:
        logical_id = self._get_param("LogicalResourceId")
        for resource in self._named_stack().resources:
            if resource["LogicalResourceId"] == logical_id:
                return ActionResult({"StackResourceDetail": resource})
        raise ValidationError(f"Resource {logical_id} does not exist for stack {STACK_NAME}")

    def describe_stack_resources(self) -> ActionResult:
        logical_id = self._get_param("LogicalResourceId")
        resources = self._named_stack().resources
        return ActionResult(
            {
                "StackResources": [
                    resource for resource in resources if logical_id in (None, resource["LogicalResourceId"])
                ]
            }
        )

    def list_stack_resources(self) -> ActionResult:
        return ActionResult({"StackResourceSummaries": self._named_stack().resources})

    def _named_stack(self) -> DescribedStack:
        """By name or ID; the one stack if the request has neither."""
        name = self._get_param("StackName")
        if self._stack is None or name not in (None, STACK_NAME, self._stack.stack_id):
            raise ValidationError(f"Stack with id {name} does not exist")
        return self._stack


def cloudformation_app(stack: Callable[[], DescribedStack | None]) -> Flask:
    """The service as moto's server runs one. `stack` is called at each request."""
    app = Flask("cloudformation")
    app.request_class = BackendRequest

    def dispatch(*request: Any) -> Any:
        return CloudFormation(stack())._dispatch(*request)

    app.add_url_rule("/", "dispatch", convert_to_flask_response(dispatch), methods=["POST"])
    return app
