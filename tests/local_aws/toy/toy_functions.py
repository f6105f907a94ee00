"""The toy template's handlers: they do what the message or the payload says."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

invocations = 0


def direct(event: Any, context: Any) -> Any:
    global invocations
    invocations += 1
    match event["do"]:
        case "echo":
            return event
        case "context":
            return {
                "request_id": context.aws_request_id,
                "name": context.function_name,
                "arn": context.invoked_function_arn,
                "memory": context.memory_limit_in_mb,
                "remaining_ms": context.get_remaining_time_in_millis(),
            }
        case "environment":
            return dict(os.environ)
        case "count invocations":
            return invocations
        case "process id":
            return os.getpid()
        case "meet":
            (Path(event["directory"]) / str(os.getpid())).with_suffix(".met").touch()
            while len(list(Path(event["directory"]).glob("*.met"))) < event["others"]:
                time.sleep(0.01)
            return os.getpid()
        case "print":
            print(event["text"])
            print(event["text"], file=sys.stderr)
        case "raise":
            raise LookupError(event["text"])
        case "return a set":
            return {1}
        case "take":
            time.sleep(event["seconds"])
        case "fail first":
            attempts = Path(event["attempts"])
            with attempts.open("a") as file:
                file.write("x")
            if attempts.stat().st_size <= event["times"]:
                raise ConnectionError(event["times"])
            return attempts.stat().st_size
        case "exit":
            os._exit(3)
        case "hang":
            if "started" in event:
                Path(event["started"]).touch()
            time.sleep(60)


def consume(event: Any, _context: Any) -> Any:
    """Writes down the batch in BATCH_LOG, and reports the messages that have `fail` as failed."""
    bodies = [json.loads(record["body"]) for record in event["Records"]]
    for body in bodies:
        if "task_token" in body:
            _answer(**body)
        if "started" in body:
            Path(body["started"]).touch()
        time.sleep(body.get("seconds", 0))
    with Path(os.environ["BATCH_LOG"]).open("a") as log:
        log.write(json.dumps(event["Records"]) + "\n")
    return {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]}
            for record, body in zip(event["Records"], bodies, strict=True)
            if body.get("fail")
        ]
    }


def _answer(task_token: str, error: str | None = None, cause: str = "") -> None:
    """Ends the task that waits for the token, in the way that its message says."""
    import boto3  # most environments do without it, and start in a tenth of the time

    step_functions = boto3.client("stepfunctions")
    if error:
        step_functions.send_task_failure(taskToken=task_token, error=error, cause=cause)
    else:
        step_functions.send_task_success(taskToken=task_token, output='{"answered": true}')
