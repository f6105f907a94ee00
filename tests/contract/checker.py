"""Holds what `requests` sent and received against sendgrid_contacts.yaml."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from jsonschema_path import SchemaPath
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.finders import APICallPathFinder
from requests import PreparedRequest, Response

CONTRACT = Path(__file__).with_name("sendgrid_contacts.yaml")
_SERVER = "https://api.sendgrid.com"


class ContractViolation(AssertionError):
    """A request or an answer is not what the contract says."""


def check(response: Response) -> None:
    """Raises ContractViolation if the answer, or the request that it answers, breaks the contract."""
    check_request(response.request)
    check_response(response)


def check_request(request: PreparedRequest) -> None:
    """Raises ContractViolation; stricter than OpenAPI, which lets undeclared query parameters pass."""
    _raise_first(_request_errors(_OnSendGrid(request)))


def check_response(response: Response) -> None:
    """Raises ContractViolation."""
    answer = RequestsOpenAPIResponse(response)
    _raise_first(_contract().iter_response_errors(_OnSendGrid(response.request), answer))


class _OnSendGrid(RequestsOpenAPIRequest):
    """The request as if it had gone to SendGrid, wherever it went."""

    @property
    def host_url(self) -> str:
        return _SERVER


def _raise_first(errors: Iterator[Exception]) -> None:
    error = next(errors, None)
    if error is not None:
        raise ContractViolation(str(error.__cause__ or error)) from error


def _request_errors(request: _OnSendGrid) -> Iterator[Exception]:
    errors = list(_contract().iter_request_errors(request))
    yield from errors
    if not errors:
        operation = APICallPathFinder(_contract().spec).find(request.method, _SERVER + request.path).operation
        yield from _query_errors(request, operation)
        if request.body and "requestBody" not in operation:
            yield OpenAPIError("this operation takes no body")
        if "application/json" not in request.parameters.header.get("Accept", ""):
            yield OpenAPIError("the Accept header does not ask for application/json")


def _query_errors(request: _OnSendGrid, operation: SchemaPath) -> Iterator[Exception]:
    rules: dict[str, Any] = operation.read_value()
    declared = {parameter["name"] for parameter in rules.get("parameters", [])}
    query = parse_qsl(urlsplit(request.request.url or "").query, keep_blank_values=True)
    names = [name for name, _ in query]
    if not declared.issuperset(names):
        yield OpenAPIError("a query parameter is not declared")
    if len(set(names)) < len(names):
        yield OpenAPIError("a query parameter is repeated")
    if not all(value for _, value in query):
        yield OpenAPIError("a query parameter is empty")
    one_of = rules.get("x-exactly-one-of")
    if one_of and sum(name in one_of for name in names) != 1:
        yield OpenAPIError(f"not exactly one of {' and '.join(one_of)} is given")


@cache
def _contract() -> OpenAPI:
    """Raises an error of the validator's where the document is not a valid OpenAPI document."""
    return OpenAPI.from_dict(yaml.safe_load(CONTRACT.read_text()))
