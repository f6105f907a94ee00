"""Failures of a state in moto's Step Functions."""

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails


def failure(
    env: Environment, error: StatesErrorNameType, event_type: HistoryEventType, details: EventDetails
) -> FailureEventException:
    """The exception that fails the state with this error. `details` are those of the history's event."""
    return FailureEventException(
        FailureEvent(
            env=env, error_name=StatesErrorName(typ=error), event_type=event_type, event_details=details
        )
    )
