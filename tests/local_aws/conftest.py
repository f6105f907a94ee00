from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from local.aws.moto_server import MotoServer
from local.aws.names import REGION
from local.aws.stack import EmbeddedStack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

TOY = Path(__file__).with_name("toy")


@pytest.fixture(scope="session")
def toy_directory() -> Path:
    return TOY


@pytest.fixture(scope="session")
def toy_template() -> Path:
    return TOY / "template.yaml"


@pytest.fixture(scope="session")
def batch_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the functions that are fed from `stack`'s queues write down."""
    return tmp_path_factory.mktemp("log") / "batches.jsonl"


@pytest.fixture(scope="session")
def stack(toy_template: Path, batch_log: Path) -> Iterator[EmbeddedStack]:
    """One for all tests, which leave its queues empty."""
    with EmbeddedStack(
        toy_template,
        parameters={"BatchLog": str(batch_log)},
        secrets={"OrderSecret": "the value"},
        time_scale=0.001,
    ) as stack:
        yield stack


@pytest.fixture(scope="session")
def moto(stack: EmbeddedStack) -> MotoServer:
    """One for all tests, which name their queues differently."""
    return stack.moto


@pytest.fixture
def sqs(moto: MotoServer) -> "SQSClient":
    client: SQSClient = boto3.Session("local", "local", region_name=REGION).client(
        "sqs", endpoint_url=moto.url
    )
    return client
