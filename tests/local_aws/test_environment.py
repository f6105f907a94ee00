import os
import subprocess
import sys
from pathlib import Path

import pytest

_MAKE_A_CLIENT = """
import boto3
from local.environment import forget_aws_settings

forget_aws_settings()
print(boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x").meta.endpoint_url)
"""


@pytest.mark.parametrize(
    "setting",
    [
        {"AWS_PROFILE": "missing"},
        {"AWS_CONFIG_FILE": str(Path(__file__))},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        {"AWS_RETRY_MODE": "none"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_settings_for_real_accounts_have_no_effect(setting: dict[str, str]) -> None:
    made = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _MAKE_A_CLIENT], env={**os.environ, **setting}, capture_output=True, text=True
    )

    assert (made.stdout, made.stderr) == ("https://sqs.us-east-1.amazonaws.com\n", "")
