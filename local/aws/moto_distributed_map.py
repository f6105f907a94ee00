"""Makes moto's Distributed Map read JSON Lines, select its items, and fail as AWS's does.

- ItemReader with InputType JSONL. A line that is not JSON, an empty one too, cannot be read; nor can an item that is
  larger than the input of a child execution may be (AWS docs: 256 KiB). How AWS treats a file without a line is not
  documented: it cannot be read here, so that no workflow relies on it.
- ItemSelector is applied to each item before its child starts, with the parent's context object.
- More failures than tolerated fail the Map state with States.ExceedToleratedFailureThreshold, and a list that
  cannot be read with States.ItemReaderFailed.
- Each child has an Execution of its own in its context object, and no Map.

Not faithful: ItemBatcher is missing; a child can be neither described nor stopped by itself, its failure leaves a null
in the output of a Map state without ResultWriter, and the ResultWriter's manifest names no files.
"""

import json
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jsonpath_ng.ext.parser import parse as parse_json_path
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader import item_reader_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.reader_config.input_type import (
    InputType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component as distributed_map,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    map_run_record,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import Job
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path

from local.aws.moto_failures import failure
from local.aws.moto_patch import replace
from local.aws.moto_step_functions import Replacements, text_of

_JSON_LINES = "JSONL"
_MAX_ITEM_BYTES = 256 * 1024


def apply() -> None:
    """Patches moto in this process."""
    replace(
        [
            (json_path, "parse", cache(parse_json_path)),  # takes half a millisecond, for each item
            *_json_lines(),
            *_items(),
            *_failures(),
            (worker.DistributedItemProcessorWorker, "_eval_input", _become_an_execution),
        ]
    )


def _json_lines() -> Replacements:
    def read_lines(self: Any, env: Environment) -> None:
        config, content = env.stack.pop(), env.stack.pop()
        lines = content.removesuffix("\n").split("\n")[: config["MaxItemsValue"]]
        if any(len(line.encode()) > _MAX_ITEM_BYTES for line in lines):
            raise ValueError("an item is larger than the input of an execution may be")
        env.stack.append([json.loads(line) for line in lines])

    input_type_init = InputType.__init__
    transformer_for = item_reader_decl.resource_output_transformer_for  # type: ignore[attr-defined]
    transformer = type("JsonLines", (EvalComponent,), {"_eval_body": read_lines})

    def input_type_or_json_lines(self: InputType, input_type: str) -> None:
        if input_type == _JSON_LINES:
            self.input_type_value = input_type  # type: ignore[assignment, misc]
        else:
            input_type_init(self, input_type)

    def transformer_or_json_lines(input_type: InputType) -> Any:
        if str(input_type.input_type_value) == _JSON_LINES:
            return transformer()
        return transformer_for(input_type)

    return [
        (InputType, "__init__", input_type_or_json_lines),
        (item_reader_decl, "resource_output_transformer_for", transformer_or_json_lines),
    ]


def _items() -> Replacements:
    parse = AmazonStateLanguageParser.parse
    map_run = distributed_map.DistributedIterationComponent._map_run

    @cache
    def syntax_tree(definition: str) -> Any:
        """That of a long definition takes a fifth of a second, and each execution asks for it."""
        return parse(json.dumps(_as_moto_parses(json.loads(definition))))[1]

    def parse_put_differently(definition: str) -> Any:
        tree = syntax_tree(definition)
        return Preprocessor().visit(tree), tree

    def map_run_over_selected(
        self: distributed_map.DistributedIterationComponent,
        env: Environment,
        eval_input: distributed_map.DistributedIterationComponentEvalInput,
    ) -> None:
        if eval_input.item_selector:
            env.stack.append(_selected(env.stack.pop(), eval_input.item_selector, env))
            eval_input.item_selector = None  # type: ignore[misc]
        map_run(self, env, eval_input)

    return [
        (AmazonStateLanguageParser, "parse", staticmethod(parse_put_differently)),
        (distributed_map.DistributedIterationComponent, "_map_run", map_run_over_selected),
    ]


def _as_moto_parses(value: Any) -> Any:
    """A definition in which each tolerated percentage is a float: moto's grammar has no other."""
    if isinstance(value, list):
        return [_as_moto_parses(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _as_moto_parses(item) for key, item in value.items()}
    if value.get("Type") == "Map" and "ToleratedFailurePercentage" in value:
        value["ToleratedFailurePercentage"] = float(value["ToleratedFailurePercentage"])
    return value


def _selected(items: list[Any], item_selector: Any, env: Environment) -> list[Any]:
    frame = env.open_inner_frame()
    map_input = env.stack[-1]
    selected = []
    for index, item in enumerate(items):
        frame.states.context_object.context_object_data["Map"] = {"Item": {"Index": index, "Value": item}}
        frame.stack = [map_input]
        item_selector.eval(frame)
        selected.append(frame.stack.pop())
    env.delete_frame(frame)
    return selected


def _become_an_execution(self: worker.DistributedItemProcessorWorker, env_frame: Environment) -> None:
    name = str(uuid.uuid4())
    context = env_frame.states.context_object.context_object_data
    del context["Map"]  # type: ignore[misc]
    map_run_arn, _, _ = self._map_run_record.map_run_arn.rpartition(":")
    context["Execution"] = {
        **context["Execution"],
        "Id": f"{map_run_arn.replace(':mapRun:', ':execution:')}:{name}",
        "Name": name,
        "Input": env_frame.states.get_input(),
        "StartTime": text_of(datetime.now(UTC)),
    }


def _failures() -> Replacements:
    read = item_reader_decl.ItemReader._eval_body
    eval_job = worker.DistributedItemProcessorWorker._eval_job

    def read_or_fail(self: item_reader_decl.ItemReader, env: Environment) -> None:
        try:
            read(self, env)
        except FailureEventException:
            raise
        except Exception as error:
            raise _failure(env, StatesErrorNameType.StatesItemReaderFailed, str(error)) from error

    def eval_job_within_tolerance(
        self: worker.DistributedItemProcessorWorker, env: Environment, job: Job
    ) -> None:
        eval_job(self, env, job)
        if not isinstance(env.program_state(), ProgramEnded) and _too_many_failed(
            self._map_run_record, self._job_pool._jobs_number
        ):
            job.job_output = _failure(
                env,
                StatesErrorNameType.StatesExceedToleratedFailureThreshold,
                "The specified tolerated failure threshold was exceeded",
            )

    return [
        (item_reader_decl.ItemReader, "_eval_body", read_or_fail),
        (worker.DistributedItemProcessorWorker, "_eval_job", eval_job_within_tolerance),
    ]


def _too_many_failed(record: map_run_record.MapRunRecord, children: int) -> bool:
    failed = record.item_counter.failed.get() + record.item_counter.timed_out.get()
    count, percentage = record.tolerated_failure_count, record.tolerated_failure_percentage
    if not count and not percentage:
        return failed > 0
    return bool(count and failed > count) or bool(percentage and 100 * failed / children > percentage)


def _failure(env: Environment, error: StatesErrorNameType, cause: str) -> FailureEventException:
    details = MapRunFailedEventDetails(error=error.to_name(), cause=cause)
    event_details = EventDetails(mapRunFailedEventDetails=details)  # type: ignore[typeddict-item]
    return failure(env, error, HistoryEventType.MapRunFailed, event_details)
