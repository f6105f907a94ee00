"""What every function stands on."""

import os
import time
from dataclasses import dataclass
from typing import IO, Self, TypeVar

from contact_deletion.deadline import Clock
from contact_deletion.observability import FunctionTelemetry
from contact_deletion.settings import FunctionSettings

TelemetryT = TypeVar("TelemetryT", bound=FunctionTelemetry)


@dataclass(frozen=True, kw_only=True)
class FunctionPlatform:
    """Settings, clock. Tests replace what they need to."""

    settings: FunctionSettings
    clock: Clock = time.time
    log_stream: IO[str] | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """The real one. Raises InvalidSetting."""
        return cls(settings=FunctionSettings.from_environ(os.environ))

    def telemetry(self, operation: str) -> FunctionTelemetry:
        return self._telemetry(FunctionTelemetry, operation)

    def _telemetry(self, kind: type[TelemetryT], operation: str) -> TelemetryT:
        return kind(
            operation,
            service=self.settings.service,
            namespace=self.settings.metrics_namespace,
            stream=self.log_stream,
        )
