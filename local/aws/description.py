"""What CloudFormation and CloudWatch Logs have to say of a stack, in JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws.intrinsics import text
from local.aws.resources import Resources
from local.aws.template import Template

_LOG_GROUP = "AWS::Logs::LogGroup"
_MADE = (
    "AWS::DynamoDB::Table",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
)


def description(
    template: Template, resources: Resources, log_directories: Mapping[str, Path]
) -> dict[str, Any]:
    """The outputs and parameters, as DescribeStacks has them; type and physical ID of the resources that are made here,
    by logical ID; and the directory of each log group's streams, by the group's name."""
    made = {
        logical_id: (kind, resources.attribute_of(logical_id, "Ref"))
        for kind in (*_MADE, _LOG_GROUP)
        for logical_id in template.of_type(kind)
    }
    return {
        "outputs": [
            {
                "OutputKey": name,
                "OutputValue": text(resources.resolve(output["Value"])),
                "Description": output.get("Description"),
            }
            for name, output in template.outputs.items()
        ],
        "parameters": [
            {"ParameterKey": name, "ParameterValue": text(value)}
            for name, value in template.parameters.items()
        ],
        # The log groups of state machines are not made here.
        "resources": {
            logical_id: (kind, physical_id)
            for logical_id, (kind, physical_id) in made.items()
            if kind != _LOG_GROUP or physical_id in log_directories
        },
        "log_groups": {name: str(directory) for name, directory in log_directories.items()},
    }
