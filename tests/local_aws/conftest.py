import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from local.aws.account import REGION
from local.aws.moto_server import MotoServer

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
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    """One for all tests, which name their queues differently."""
    with MotoServer(tmp_path_factory.mktemp("moto") / "moto.log") as server:
        yield server


@pytest.fixture
def sqs(moto: MotoServer) -> "SQSClient":
    client: SQSClient = boto3.Session("local", "local", region_name=REGION).client(
        "sqs", endpoint_url=moto.url
    )
    return client


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "what was waited for did not happen"
            time.sleep(0.01)

    return wait
