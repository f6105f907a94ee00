"""Direct invocations of the functions that only read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.smoke.deployed_stack import DeployedStack
from local.smoke.failures import CheckFailed, named_failure


@dataclass(frozen=True)
class FunctionError:
    """The exception of a function, by the name of its class."""

    code: str
    message: str

    def failure(self) -> CheckFailed:
        return named_failure(self.code, self.message)


class Invoker:
    """Invokes functions of the stack by their logical IDs."""

    def __init__(self, lambda_: Any, stack: DeployedStack) -> None:
        self._lambda = lambda_
        self._stack = stack

    def contact_count(self, payload: Mapping[str, Any]) -> str:
        """Proves that the key is there and that SendGrid accepts it."""
        response = self._answer("ContactCountFunction", payload)
        count = response.get("contact_count")
        if not isinstance(count, int):
            raise CheckFailed("the response has no contact_count")
        return f"{count:,} contacts"

    def no_contact(self, payload: Mapping[str, Any]) -> str:
        """Looks up a contact. Raises CheckFailed unless SendGrid says that it does not exist."""
        response = self._invoke("IdentifierCheckFunction", payload)
        if not isinstance(response, FunctionError):
            raise CheckFailed("a contact has the random ID, so nothing is sent for it", "Run the test again.")
        if response.code != "ContactNotFound":
            raise response.failure()
        return "no such contact"

    def pending(self, function: str, payload: Mapping[str, Any]) -> str:
        """Of a job or an export that does not exist."""
        status = self._answer(function, payload).get("status")
        if status != "pending":
            raise CheckFailed(f"the status is {status!r} instead of 'pending'")
        return "pending"

    def _answer(self, function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        response = self._invoke(function, payload)
        if isinstance(response, FunctionError):
            raise response.failure()
        return response

    def _invoke(self, function: str, payload: Mapping[str, Any]) -> dict[str, Any] | FunctionError:
        response = self._lambda.invoke(
            FunctionName=self._stack.physical_id(function), Payload=json.dumps(payload).encode()
        )
        answer = json.loads(response["Payload"].read())
        if "FunctionError" in response:
            return FunctionError(
                answer.get("errorType", response["FunctionError"]), answer.get("errorMessage", "")
            )
        if not isinstance(answer, dict):
            raise CheckFailed("the response is not a JSON object")
        return answer
