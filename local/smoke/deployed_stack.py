"""What CloudFormation says of the stack."""

from typing import Any

from botocore.exceptions import ClientError

from local.smoke.failures import CheckFailed

_IN_SERVICE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
}


class DeployedStack:
    """A stack by its name, with its parameters and outputs."""

    def __init__(self, cloudformation: Any, name: str) -> None:
        """Raises CheckFailed where there is no such stack, or it is not in service."""
        self.name = name
        self._cloudformation = cloudformation
        try:
            (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                region = cloudformation.meta.region_name
                advice = "Are name, region (REGION=…) and profile (AWS_PROFILE) those of the deployment?"
                raise CheckFailed(f"there is no stack {name} in {region}", advice) from error
            raise
        self.status: str = found["StackStatus"]
        if self.status not in _IN_SERVICE:
            advice = "Wait until the deployment has ended, or see in CloudFormation's events why it failed."
            raise CheckFailed(f"the stack is {self.status}", advice)
        self._outputs: dict[str, str] = {
            output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])
        }
        self._parameters: dict[str, str] = {
            parameter["ParameterKey"]: parameter["ParameterValue"]
            for parameter in found.get("Parameters", [])
        }
        self.output("BulkDeleteQueueUrl")  # of another stack altogether, this is missing

    def output(self, name: str) -> str:
        """Raises CheckFailed for one that the stack does not have."""
        if name not in self._outputs:
            advice = (
                "Is it a stack of this template, and of this version? Deploy it again from this checkout."
            )
            raise CheckFailed(f"the stack has no output {name}", advice)
        return self._outputs[name]

    def parameter(self, name: str) -> str:
        """Empty where it has none."""
        return self._parameters.get(name, "")

    def physical_id(self, logical_id: str) -> str:
        described = self._cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        found: str = described["StackResourceDetail"]["PhysicalResourceId"]
        return found
