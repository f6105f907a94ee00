"""The contract with Twilio SendGrid's API, and the means to hold requests and answers to it."""

from tests.contract.checker import ContractViolation, check, check_request, check_response

__all__ = ["ContractViolation", "check", "check_request", "check_response"]
