"""The account and the region that everything local pretends to be in; they are moto's usual ones."""

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"
