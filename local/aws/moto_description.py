"""Gives moto's CloudFormation and CloudWatch Logs what the stack's description says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import create_backend_app

from local.aws import moto_logs

if TYPE_CHECKING:
    from flask import Flask


class StackDescription:
    """Comes when the stack is complete. CloudFormation has no stack before, as in AWS."""

    def __init__(self) -> None:
        self._description: dict[str, Any] | None = None
        self._cloudformation_is_used = False

    def set(self, description: dict[str, Any]) -> None:
        """See `local.aws.description`."""
        self._description = description
        for name, directory in description["log_groups"].items():
            moto_logs.add_log_group(name, Path(directory))
        self._add_stack()

    def create_app(self, service: Any) -> "Flask":
        """moto's application of a service, which it makes at the service's first call."""
        if service == "cloudformation":
            self._cloudformation_is_used = True
            self._add_stack()
        return create_backend_app(service)

    def _add_stack(self) -> None:
        if self._description and self._cloudformation_is_used:
            # Takes 0.3 seconds of CPU time, which few stacks need.
            from local.aws.moto_cloudformation import add_stack

            add_stack(self._description["outputs"], self._description["resources"])
