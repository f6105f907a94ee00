"""Ports that are in use, and addresses that are none."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.docker_bridge import bridge_address
from local.ports import require_free
from local.stack.command import ROOT


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_stack_names_a_port_in_use_and_how_to_choose_another(port_in_use: int) -> None:
    ended = subprocess.run(  # noqa: S603 - own module
        [sys.executable, "-m", "local.stack", "--aws-port", "0", "--sendgrid-port", str(port_in_use)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Port {port_in_use} of 127.0.0.1 is in use by another program. "
        f"Choose another one: make stack SENDGRID_PORT={port_in_use + 100}, for example.\n"
    )


def test_same_port_cannot_be_given_twice(unused_port: int) -> None:
    with pytest.raises(SystemExit, match=rf"Port {unused_port} .* is in use .* make stack OTHER="):
        require_free("make stack", {"ONE": unused_port, "OTHER": unused_port}, ["127.0.0.1"])


def test_free_ports_are_free_afterwards(unused_port: int) -> None:
    require_free("make stack", {"ONE": unused_port}, ["127.0.0.1"])
    require_free("make stack", {"ONE": unused_port}, ["127.0.0.1"])


def test_address_of_another_machine_is_named() -> None:
    with pytest.raises(SystemExit, match=r"^192\.0\.2\.77 is not an address of this machine\.$"):
        require_free("make stack", {"ONE": 0}, ["192.0.2.77"])


@pytest.mark.skipif(sys.platform != "linux", reason="Docker has a bridge on Linux only")
def test_bridge_address_is_its_interface_s() -> None:
    assert bridge_address("lo") == "127.0.0.1"
    assert bridge_address("no-such-bridge") is None
