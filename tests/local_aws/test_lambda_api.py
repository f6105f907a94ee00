import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws.execution_environment import FunctionConfiguration
from local.aws.function import Function
from local.aws.lambda_api import LambdaApi
from local.aws.names import REGION

ARN = "arn:aws:lambda:us-east-1:123456789012:function:DirectFunction"


@pytest.fixture(scope="module")
def client(toy_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    configuration = FunctionConfiguration(
        name="DirectFunction",
        arn=ARN,
        handler="toy_functions.direct",
        runtime="python3.13",
        code_directory=toy_directory,
        timeout_seconds=20,
        memory_mb=256,
        environment={},
        log_group="/aws/lambda/DirectFunction",
    )
    function = Function(configuration, tmp_path_factory.mktemp("function") / "logs")
    with LambdaApi({"DirectFunction": function}, {}) as api:
        yield boto3.Session("local", "local", region_name=REGION).client(
            "lambda", endpoint_url=api.url, config=Config(proxies={})
        )
        function.stop()


@pytest.mark.parametrize("name", ["DirectFunction", "DirectFunction:$LATEST", ARN, f"{ARN}:$LATEST"])
def test_a_function_is_invoked_by_name_or_arn_with_or_without_qualifier(client: Any, name: str) -> None:
    response = client.invoke(FunctionName=name, Payload='{"do": "echo", "text": "ü"}')

    assert json.load(response["Payload"]) == {"do": "echo", "text": "ü"}
    assert "FunctionError" not in response


def test_an_exception_is_a_function_error_of_its_class_s_name(client: Any) -> None:
    response = client.invoke(
        FunctionName="DirectFunction", Payload='{"do": "raise", "text": "nothing there"}'
    )

    assert response["FunctionError"] == "Unhandled"
    payload = json.load(response["Payload"])
    assert (payload["errorType"], payload["errorMessage"]) == ("LookupError", "nothing there")


@pytest.mark.parametrize(
    ("call", "arguments", "status", "reason"),
    [
        ("invoke", {"Payload": "{"}, 400, "InvalidRequestContentException.*not parse request body"),
        ("invoke", {"InvocationType": "Event"}, 501, "not implemented on this machine.*Event"),
        ("get_function", {}, 501, "not implemented on this machine.*GET"),
        ("invoke", {"FunctionName": "NoSuchFunction"}, 404, "ResourceNotFoundException.*NoSuchFunction"),
    ],
)
def test_invalid_call_is_refused(
    client: Any, call: str, arguments: dict[str, str], status: int, reason: str
) -> None:
    with pytest.raises(client.exceptions.ClientError, match=reason) as error:
        getattr(client, call)(**{"FunctionName": "DirectFunction"} | arguments)

    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
