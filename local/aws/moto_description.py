"""Gives CloudFormation and CloudWatch Logs, in moto's process, what the stack's description says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import create_backend_app

from local.aws import moto_logs
from local.aws.moto_cloudformation import DescribedStack, cloudformation_app

if TYPE_CHECKING:
    from flask import Flask


class StackDescription:
    """Comes when the stack is complete. CloudFormation has no stack before."""

    def __init__(self) -> None:
        self._stack: DescribedStack | None = None

    def set(self, description: dict[str, Any]) -> None:
        """See `local.aws.description`."""
        self._stack = DescribedStack(
            description["outputs"], description["parameters"], description["resources"]
        )
        for name, directory in description["log_groups"].items():
            moto_logs.add_log_group(name, Path(directory))

    def create_app(self, service: Any) -> "Flask":
        """A service's application, which moto makes at the service's first call."""
        if service == "cloudformation":
            return cloudformation_app(lambda: self._stack)
        return create_backend_app(service)
