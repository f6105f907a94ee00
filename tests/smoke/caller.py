"""Calls that are judged by a policy, as IAM judges those of the person who runs the smoke test."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3

from local.aws.names import arn
from tests.permissions.policy import Call, Policy

_Needed = Callable[[dict[str, Any]], tuple[str, dict[str, list[str]]]]


def _queue(given: dict[str, Any]) -> str:
    return arn("sqs", given.get("QueueName") or given["QueueUrl"].rpartition("/")[2])


def _rule(given: dict[str, Any]) -> str:
    bus = given.get("EventBusName", "default")
    name = given.get("Name") or given["Rule"]
    return arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")


_RESOURCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "cloudformation": lambda given: arn("cloudformation", f"stack/{given['StackName']}/id"),
    "secretsmanager": lambda given: str(given["SecretId"]),
    "sns": lambda given: str(given["TopicArn"]),
    "lambda": lambda given: (
        arn("lambda", f"function:{given['FunctionName']}") if "FunctionName" in given else "*"
    ),
    "sqs": _queue,
    "states": lambda given: str(given.get("stateMachineArn") or given["executionArn"]),
    "events": lambda given: (
        arn("events", f"event-bus/{given['Entries'][0]['EventBusName']}")
        if "Entries" in given
        else _rule(given)
    ),
}


class JudgedCalls:
    """Those that clients of the session make from now on, allowed or denied."""

    def __init__(self, session: boto3.Session, policy: Policy) -> None:
        self.allowed: list[Call] = []
        self.denied: list[Call] = []
        self._policy = policy
        session.events.register("provide-client-params.*.*", self._keep_parameters)
        session.events.register("before-call.*.*", self._judge)

    def _keep_parameters(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["caller_parameters"] = params

    def _judge(self, model: Any, context: dict[str, Any], **_: Any) -> Any:
        """What it returns is the response, in place of the service's."""
        call = _call(model, context["caller_parameters"])
        if self._policy.allows(call):
            self.allowed.append(call)
            return None
        self.denied.append(call)
        error = {
            "Code": "AccessDenied",
            "Message": "User: arn:aws:iam::123456789012:user/jane.doe is not authorized",
        }
        return SimpleNamespace(status_code=403), {"Error": error, "ResponseMetadata": {}}


def _call(model: Any, given: dict[str, Any]) -> Call:
    service = model.service_model.signing_name
    action = {"Invoke": "InvokeFunction"}.get(model.name, model.name.removesuffix("Batch"))
    keys = {"events:source": [entry["Source"] for entry in given["Entries"]]} if action == "PutEvents" else {}
    return Call(f"{service}:{action}", _RESOURCES[service](given), keys)
