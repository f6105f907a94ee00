"""What may be said of an error of AWS's: its messages can quote what was sent, its codes cannot."""

from botocore.exceptions import ClientError


def error_code(error: Exception) -> str:
    """AWS's code where AWS answered, otherwise the class of the error."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
