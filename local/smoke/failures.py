"""Why a check did not pass, and what usually helps."""

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

_PERMISSIONS = "Your credentials lack this permission. docs/smoke.md has a policy with all that are needed."
_DENIED = ("AccessDenied", "AuthorizationError", "UnauthorizedOperation", "NotAuthorized")

_ADVICE = {
    "SendGridUnauthorized": (
        "SendGrid does not accept the API key, the key has no full access to Marketing, or the secret is empty or"
        " cannot be read. Put a key into the secret (docs/operations.md, Rotating the key). Contacts of an EU subuser"
        " are not served by the global host."
    ),
    "SendGridUnavailable": (
        "The function cannot reach SendGrid, or SendGrid has an outage: see status.sendgrid.com, and the parameter"
        " SendGridBaseUrl. In a VPC the function needs a NAT gateway."
    ),
    "SendGridRefused": "SendGrid refuses the call itself. Is the subuser's name right (SendGridOnBehalfOf)?",
    "RateLimited": "Other programs use up SendGrid's rate limit. Run the smoke test again when they are idle.",
    "LedgerUnavailable": "The function cannot use the ledger: look for its error in the function's log.",
    "BucketUnavailable": "The function or the workflow cannot use the bucket: look for the error in its log.",
    "Runtime.ImportModuleError": "The artifact is not complete: run sam build and sam deploy again.",
    "Runtime.HandlerNotFound": "The artifact is not complete: run sam build and sam deploy again.",
    "Sandbox.Timedout": "The function ran out of time. In a VPC it may have no way to AWS or SendGrid.",
    "TooManyRequestsException": (
        "Lambda has no concurrency left. A new account has 10 in all: ask for more in Service Quotas."
    ),
    "ExpiredToken": "Sign in again.",
    "ExpiredTokenException": "Sign in again.",
}

NOT_SEEN = (
    "Find its request_id, which begins with smoke-test, in the function's log (docs/operations.md, Looking). Not there:"
    " the function was not started, or others' messages are before it. There with an error: its role lacks a"
    " permission, or SendGrid has an outage. What was sent does no harm, whenever it is handled."
)


class CheckFailed(Exception):
    """Carries what was seen, and what usually helps."""

    def __init__(self, detail: str, advice: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice


class CheckSkipped(Exception):
    """There is nothing to check, or it could do no good."""


def named_failure(code: str, message: str) -> CheckFailed:
    """Of an error by its name, as functions and workflows have it."""
    return CheckFailed(f"{code}: {message}" if message else code, _ADVICE.get(code, ""))


def aws_failure(error: ClientError | BotoCoreError) -> CheckFailed:
    """The failure for an error that AWS returned or botocore raised."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown")
        if any(word in code for word in _DENIED):
            # Without AWS's message, which names the caller.
            return CheckFailed(f"{code}: not allowed to call {error.operation_name}", _PERMISSIONS)
        message = error.response.get("Error", {}).get("Message", "")
        return CheckFailed(f"{error.operation_name}: {code}: {message}", _ADVICE.get(code, ""))
    if isinstance(error, NoCredentialsError):
        return CheckFailed(str(error), "Sign in, or set AWS_PROFILE.")
    if isinstance(error, NoRegionError):
        return CheckFailed(str(error), "Name the stack's region: make smoke STACK=… REGION=…")
    return CheckFailed(f"{type(error).__name__}: {error}")
