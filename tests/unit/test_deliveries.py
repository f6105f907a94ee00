import json
from typing import Any

import pytest
from hypothesis import given

from contact_deletion.deliveries import deliveries, is_queue_event
from contact_deletion.errors import InvalidRequest
from tests.support.events import queue_arn, sqs_event, sqs_record
from tests.unit import strategies

QUEUE = "BulkDeleteQueue"


def test_each_record_is_a_delivery_in_its_order() -> None:
    arrived = deliveries(sqs_event({"a": 1}, {"b": 2}, {"c": 3}, queue=QUEUE))
    assert [delivery.payload for delivery in arrived] == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_a_delivery_knows_what_sqs_said_of_its_message() -> None:
    attributes = {"trace": {"dataType": "String", "stringValue": "x"}}
    record = sqs_record({"a": 1}, queue=QUEUE, number=7, receive_count=3, attributes=attributes)
    (delivery,) = deliveries({"Records": [record]})
    assert delivery.message is not None
    assert delivery.message.message_id == record["messageId"]
    assert delivery.message.receipt_handle == record["receiptHandle"]
    assert delivery.message.queue_arn == queue_arn(QUEUE)
    assert delivery.message.receive_count == 3
    assert delivery.message.body == '{"a": 1}'
    assert delivery.message.attributes == attributes


def test_a_record_without_message_attributes_has_none() -> None:
    record = sqs_record({}, queue=QUEUE)
    del record["messageAttributes"]
    (delivery,) = deliveries({"Records": [record]})
    assert delivery.message is not None
    assert delivery.message.attributes == {}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("delete jane@example.com", id="text"),
        pytest.param('{"contact_ids": [', id="cut off"),
        pytest.param("{'a': 1}", id="Python"),
        pytest.param('{"a": 1}{"b": 2}', id="two objects"),
        pytest.param("<a/>", id="XML"),
        pytest.param("[" * 100_000, id="nested beyond the stack"),
        pytest.param('{"a":' * 100_000, id="objects nested beyond the stack"),
        pytest.param("9" * 5_000, id="a number beyond Python's limit"),
    ],
)
def test_a_body_that_is_not_json_is_an_invalid_request(body: str) -> None:
    (delivery,) = deliveries(sqs_event(body, queue=QUEUE))
    assert isinstance(delivery.payload, InvalidRequest)
    assert delivery.payload.message == "the message body is not JSON"


@pytest.mark.parametrize(
    "body",
    ['{"a": 1, "a": 1}', '{"a": 1, "a": 2}', '{"x": {"jane": 1, "jane": 2}}', '[{"\\u0061": 1, "a": 2}]'],
)
def test_a_field_that_is_named_twice_is_an_invalid_request(body: str) -> None:
    (delivery,) = deliveries(sqs_event(body, queue=QUEUE))
    assert isinstance(delivery.payload, InvalidRequest)
    assert delivery.payload.message == "the message body names a field twice"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_json_are_an_invalid_request(constant: str) -> None:
    (delivery,) = deliveries(sqs_event(f'{{"max_contacts": {constant}}}', queue=QUEUE))
    assert isinstance(delivery.payload, InvalidRequest)
    assert "not JSON" in delivery.payload.message


def test_a_bad_body_spoils_only_its_own_delivery() -> None:
    good, bad, also_good = deliveries(sqs_event({"a": 1}, "nonsense", {"b": 2}, queue=QUEUE))
    assert good.payload == {"a": 1}
    assert isinstance(bad.payload, InvalidRequest)
    assert also_good.payload == {"b": 2}


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
        pytest.param({"Records": [SNS_RECORD]}, id="SNS"),
        pytest.param({"Records": [S3_RECORD]}, id="S3"),
        pytest.param({"Records": [sqs_record({}, queue=QUEUE), S3_RECORD]}, id="mixed"),
        pytest.param({"Records": ["aws:sqs"]}, id="texts"),
        pytest.param({"Records": {"eventSource": "aws:sqs"}}, id="no list"),
        pytest.param({"Records": None}, id="null"),
        pytest.param([sqs_record({}, queue=QUEUE)], id="bare list"),
    ],
)
def test_what_sqs_did_not_send_is_a_direct_payload(event: Any) -> None:
    assert not is_queue_event(event)
    (delivery,) = deliveries(event)
    assert delivery.payload is event


def test_an_event_without_records_brings_nothing() -> None:
    assert deliveries({"Records": []}) == []


def test_bodies_and_receipt_handles_are_never_shown() -> None:
    shown = repr(deliveries(sqs_event({"identifier_value": "jane@example.com"}, queue=QUEUE)))
    assert "jane" not in shown
    assert "receipt-handle" not in shown
