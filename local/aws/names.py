"""The account, the region and the stack that everything local pretends to be in; account and region are moto's."""

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
STACK_NAME = "sendgrid-contact-deletion"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


def function_name(name_or_arn: str) -> str:
    """Of a name or `arn:aws:lambda:region:account:function:name`, each perhaps with a qualifier."""
    parts = name_or_arn.split(":")
    return parts[6] if parts[0] == "arn" else parts[0]
