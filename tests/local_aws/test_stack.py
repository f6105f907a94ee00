import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws.stack import EmbeddedStack
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef


def test_queue_without_partial_batch_responses_is_consumed_too(stack: EmbeddedStack, batch_log: Path) -> None:
    stack.sqs.send_message(QueueUrl=stack.ref("PlainQueue"), MessageBody='{"order": "plain", "fail": true}')

    stack.wait_until_idle()

    assert '{\\"order\\": \\"plain\\"' in batch_log.read_text()


def test_waiting_for_a_message_that_stays_says_where_it_is(stack: EmbeddedStack) -> None:
    mapping = stack.event_source_mappings["OrderQueue"]
    mapping.disable()
    stack.sqs.send_message(QueueUrl=stack.ref("OrderQueue"), MessageBody='{"order": "waits"}')

    with pytest.raises(TimeoutError, match=r"OrderQueue.*visible=1"):
        stack.wait_until_idle(stalled_after=0)

    mapping.enable()
    stack.wait_until_idle()


def test_function_has_its_resources_in_its_environment(stack: EmbeddedStack) -> None:
    environment = stack.invoke("DirectFunction", {"do": "environment"})

    assert environment == environment | {
        "QUEUE_URL": stack.ref("OrderQueue"),
        "TABLE": "OrderTable",
        "SECRET_ARN": stack.ref("OrderSecret"),
        "AWS_ENDPOINT_URL": stack.moto.url,
        "BATCH_SIZE": "10",
        "ARCHIVE": "none",
    }


def test_each_function_has_its_log_and_the_structured_one_is_the_lines_of_json(stack: EmbeddedStack) -> None:
    for text in ('{"code": "LastIdentifier"}', "not JSON"):
        stack.invoke("DirectFunction", {"do": "print", "text": text})

    assert {"code": "LastIdentifier"} in stack.structured_logs("DirectFunction")
    assert "not JSON" in stack.logs("DirectFunction")
    assert "not JSON" not in stack.logs("ConsumeFunction")


def test_only_the_events_of_a_recorded_source_are_recorded(stack: EmbeddedStack) -> None:
    def entry(source: str, detail: str) -> "PutEventsRequestEntryTypeDef":
        return {"Source": source, "DetailType": "Order Shipped", "Detail": json.dumps({"order": detail})}

    stack.events.put_events(Entries=[entry("orders", "before")])
    stack.record_events("orders")

    stack.events.put_events(Entries=[entry("orders", "first"), entry("others", "not ours")])
    stack.events.put_events(Entries=[entry("orders", "second")])

    recorded = stack.recorded_events()
    assert [event["detail"] for event in recorded] == [{"order": "first"}, {"order": "second"}]
    assert recorded[0]["source"] == "orders"
    assert recorded[0]["detail-type"] == "Order Shipped"


def test_what_is_published_to_a_topic_can_be_read(stack: EmbeddedStack) -> None:
    topic = stack.sns.create_topic(Name="Shipments")["TopicArn"]
    stack.sns.publish(TopicArn=topic, Subject="Shipped", Message="order 1")
    stack.sns.publish(TopicArn=topic, Message="order 2")

    assert stack.published(topic) == [
        {"Subject": "Shipped", "Message": "order 1"},
        {"Subject": None, "Message": "order 2"},
    ]


def test_a_topic_that_does_not_exist_has_no_messages_to_read(stack: EmbeddedStack) -> None:
    with pytest.raises(ValueError, match="NoSuchTopic"):
        stack.published("arn:aws:sns:us-east-1:123456789012:NoSuchTopic")


def test_error_in_the_block_does_not_wait_for_an_invocation(toy_template: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    finished = tmp_path / "finished"

    def fail_while_an_invocation_runs() -> None:
        with EmbeddedStack(toy_template, parameters={"BatchLog": str(finished)}) as stack:
            message = json.dumps({"started": str(started), "seconds": 15})
            stack.sqs.send_message(QueueUrl=stack.ref("OrderQueue"), MessageBody=message)
            wait_until(started.exists)
            raise LookupError

    with pytest.raises(LookupError):
        fail_while_an_invocation_runs()

    assert not finished.exists()


def test_invalid_stack_says_why_and_leaves_nothing_running(tmp_path: Path, toy_template: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(toy_template.read_text().replace("!Ref OrderTable", "!GetAtt OrderRole.Arn"))
    stack = EmbeddedStack(template)

    with pytest.raises(ValueError, match="AWS::IAM::Role"):
        stack.__enter__()

    with pytest.raises(ConnectionRefusedError):
        stack.queue_counts()


def test_message_that_is_not_taken_is_an_error(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def taking_none(**_: object) -> dict[str, object]:
        return {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}

    monkeypatch.setattr(stack.sqs, "send_message_batch", taking_none)

    with pytest.raises(RuntimeError, match="OrderQueue did not take every message"):
        stack.send("OrderQueue", ["{}"])
