"""The roles' policies with the template's resources under made-up ARNs, for questions that need no stack."""

from functools import cache

from local.aws.names import arn
from local.aws.template import TEMPLATE, load_template
from tests.permissions.policy import Policy
from tests.support.template import role_statements

API_KEY_SECRET = arn("secretsmanager", "secret:SendGridApiKeySecret-AbCdEf")
_KINDS = {"Queue": "sqs:", "Table": "dynamodb:table/", "LogGroup": "logs:log-group:"}


def resource_arn(logical_id: str) -> str:
    if logical_id == "SendGridApiKeySecret":
        return API_KEY_SECRET
    if logical_id.endswith("Bucket"):
        return f"arn:aws:s3:::{logical_id.lower()}"
    (prefix,) = (prefix for kind, prefix in _KINDS.items() if logical_id.endswith(kind))
    service, _, kind = prefix.partition(":")
    return arn(service, f"{kind}{logical_id}")


@cache
def policy_of(function: str) -> Policy:
    role = f"{function}FunctionRole"
    return Policy(role_statements(load_template(TEMPLATE), role, lambda name, _: resource_arn(name)))
