import json
from typing import Any

import pytest
from hypothesis import given

from contact_deletion.deliveries import QueueMessage, deliveries, is_queue_event
from contact_deletion.errors import InvalidRequest
from tests.support.events import queue_arn, sqs_event, sqs_record
from tests.unit import strategies

QUEUE = "BulkDeleteQueue"


def test_a_delivery_knows_what_sqs_said_of_its_message() -> None:
    attributes = {"trace": {"dataType": "String", "stringValue": "x"}}
    record = sqs_record({"a": 1}, queue=QUEUE, number=7, receive_count=3, attributes=attributes)
    (delivery,) = deliveries({"Records": [record]})
    assert delivery.message == QueueMessage(
        record["messageId"], record["receiptHandle"], queue_arn(QUEUE), 3, '{"a": 1}', attributes
    )


def test_a_record_without_message_attributes_has_none() -> None:
    record = sqs_record({}, queue=QUEUE)
    del record["messageAttributes"]
    (delivery,) = deliveries({"Records": [record]})
    assert delivery.message is not None
    assert delivery.message.attributes == {}


NOT_JSON = [
    *("", "delete jane@example.com", '{"contact_ids": [', "{'a': 1}", '{"a": 1}{"b": 2}', "<a/>"),
    *("[" * 100_000, '{"a":' * 100_000, "9" * 5_000),  # beyond the stack, and beyond Python's limit
]
TWICE = [
    *('{"a": 1, "a": 1}', '{"a": 1, "a": 2}', '{"x": {"jane": 1, "jane": 2}}', '[{"\\u0061": 1, "a": 2}]'),
]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        *((body, "the message body is not JSON") for body in NOT_JSON),
        *((body, "the message body names a field twice") for body in TWICE),
        *(
            (f'{{"max_contacts": {constant}}}', "the message body holds NaN or Infinity, which are not JSON")
            for constant in ("NaN", "Infinity", "-Infinity")
        ),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_bad_body_is_an_invalid_request_and_spoils_only_its_own_delivery(body: str, message: str) -> None:
    good, bad, also_good = deliveries(sqs_event({"a": 1}, body, {"b": 2}, queue=QUEUE))
    assert isinstance(bad.payload, InvalidRequest)
    assert bad.payload.message == message
    assert (good.payload, also_good.payload) == ({"a": 1}, {"b": 2})


@given(strategies.json_values)
def test_any_json_body_arrives_as_it_was_sent(value: Any) -> None:
    body = json.dumps(value)
    (delivery,) = deliveries(sqs_event(body, queue=QUEUE))
    if isinstance(delivery.payload, InvalidRequest):
        assert "NaN" in body or "Infinity" in body
    else:
        assert delivery.payload == value


@given(strategies.json_values)
def test_any_direct_payload_is_one_delivery_without_a_message(payload: Any) -> None:
    (delivery,) = deliveries(payload)
    assert delivery.payload is payload
    assert delivery.message is None


SNS_RECORD = {"EventSource": "aws:sns", "Sns": {"Message": "{}"}}
S3_RECORD = {"eventSource": "aws:s3", "s3": {}}


@pytest.mark.parametrize(
    "event",
    [
        *({"Records": [record]} for record in (SNS_RECORD, S3_RECORD, "aws:sqs")),
        *({"Records": records} for records in ({"eventSource": "aws:sqs"}, None)),
        pytest.param({"Records": [sqs_record({}, queue=QUEUE), S3_RECORD]}, id="mixed"),
        pytest.param([sqs_record({}, queue=QUEUE)], id="bare list"),
    ],
)
def test_what_sqs_did_not_send_is_a_direct_payload(event: Any) -> None:
    assert not is_queue_event(event)
    (delivery,) = deliveries(event)
    assert delivery.payload is event


def test_bodies_and_receipt_handles_are_never_shown() -> None:
    shown = repr(deliveries(sqs_event({"identifier_value": "jane@example.com"}, queue=QUEUE)))
    assert "jane" not in shown
    assert "receipt-handle" not in shown
