"""The account, the region and the stack that everything local pretends to be in; account and region are moto's."""

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
STACK_NAME = "sendgrid-contact-deletion"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"
