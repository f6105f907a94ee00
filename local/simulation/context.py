"""Lambda's context object for a function under test."""

from dataclasses import dataclass


@dataclass
class Context:
    """What Powertools and the functions read of it; the time left does not shrink by itself."""

    remaining_seconds: float = 300.0
    function_name: str = "function-under-test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function-under-test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.remaining_seconds * 1000)
