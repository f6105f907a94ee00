"""The template, and the statements of its roles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws.template import Template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def role_statements(template: Template, role: str, attribute_of: Callable[[str, str], Any]) -> list[Any]:
    """The statements of a role's inline and managed policies, resolved.

    Raises an error for a managed policy that the template does not declare: its statements are unknown.
    """
    properties = template.resources[role]["Properties"]
    managed = template.of_type("AWS::IAM::ManagedPolicy")
    policies = [
        *properties["Policies"],
        *(managed[arn["Ref"]] for arn in properties.get("ManagedPolicyArns", ())),
    ]
    documents = template.resolve([policy["PolicyDocument"] for policy in policies], attribute_of)
    return [statement for document in documents for statement in document["Statement"]]
