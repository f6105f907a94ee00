"""Variables of the environment that people set for real AWS accounts, and that the local stack must not follow."""

import os
from collections.abc import Mapping


def without_aws_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """A copy in which boto3 finds no profile, no file, no endpoint and no other setting of AWS's.

    A profile that does not exist or a file that cannot be parsed would otherwise end every client.
    """
    others = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return others | nowhere


def forget_aws_settings() -> None:
    """The same for this process and those that it starts."""
    kept = without_aws_settings(os.environ)
    os.environ.clear()
    os.environ.update(kept)
