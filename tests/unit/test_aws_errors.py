from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from contact_deletion.errors import error_code


def test_where_aws_answered_it_is_awss_code() -> None:
    error = ClientError(
        {"Error": {"Code": "ResourceNotFoundException", "Message": "no secret jane@example.com"}},
        "GetSecretValue",
    )
    assert error_code(error) == "ResourceNotFoundException"


def test_where_aws_did_not_answer_it_is_the_class_of_the_error() -> None:
    assert error_code(ConnectTimeoutError(endpoint_url="https://sqs.example.com")) == "ConnectTimeoutError"
    assert (
        error_code(EndpointConnectionError(endpoint_url="https://sqs.example.com"))
        == "EndpointConnectionError"
    )
