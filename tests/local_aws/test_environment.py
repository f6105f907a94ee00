import os
import subprocess
import sys
from pathlib import Path

_MAKE_A_CLIENT = """
import boto3
from local.environment import forget_aws_settings

forget_aws_settings()
print(boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x").meta.endpoint_url)
"""


SETTINGS_FOR_REAL_ACCOUNTS = {
    "AWS_PROFILE": "missing",
    "AWS_CONFIG_FILE": str(Path(__file__)),
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_RETRY_MODE": "none",
    "AWS_USE_FIPS_ENDPOINT": "true",
}


def test_settings_for_real_accounts_have_no_effect() -> None:
    """Each of them alone would fail the client, or give it another endpoint."""
    made = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _MAKE_A_CLIENT],
        env=os.environ | SETTINGS_FOR_REAL_ACCOUNTS,
        capture_output=True,
        text=True,
    )

    assert (made.stdout, made.stderr) == ("https://sqs.us-east-1.amazonaws.com\n", "")
