from typing import Any

import pytest

from local.aws.template import load_template
from tests.support.template import TEMPLATE
from tests.template.conftest import Declared
from tests.template.names import QUEUE_FUNCTIONS, STATE_MACHINES

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:operators"


def alarms_on(declared: Declared, metric: str, dimension: str, value: str) -> list[Any]:
    return [
        alarm
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == metric and alarm["Dimensions"] == [{"Name": dimension, "Value": value}]
    ]


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_one_dead_letter_raises_an_alarm(declared: Declared, name: str) -> None:
    queue = f"{name}DeadLetterQueue.QueueName"
    (alarm,) = alarms_on(declared, "ApproximateNumberOfMessagesVisible", "QueueName", queue)

    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("BulkDelete", 3600), ("DeleteAll", 900), ("RemoveIdentifier", 3600), ("DeletionStatus", 3600)],
)
def test_a_message_that_waits_for_too_long_raises_an_alarm(
    declared: Declared, name: str, seconds: int
) -> None:
    """For the deletion of all contacts, too long is when it would be refused."""
    (alarm,) = alarms_on(declared, "ApproximateAgeOfOldestMessage", "QueueName", f"{name}Queue.QueueName")

    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", seconds)


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_a_function_that_fails_or_is_not_started_raises_an_alarm(
    declared: Declared, name: str, metric: str
) -> None:
    (alarm,) = alarms_on(declared, metric, "FunctionName", f"{name}Function.Ref")

    assert alarm["Statistic"] == "Sum"


@pytest.mark.parametrize(
    "query",
    [
        'SELECT SUM(RequestsDeferred) FROM SCHEMA("SendGridContactDeletion", "service", "operation", "code") '
        "WHERE \"service\" = 'sendgrid-contact-deletion' AND \"code\" = 'SendGridUnauthorized'",
        'SELECT SUM(RequestsDeferred) FROM SCHEMA("SendGridContactDeletion", "service", "operation") '
        "WHERE \"service\" = 'sendgrid-contact-deletion'",
        'SELECT SUM(LedgerWriteFailures) FROM SCHEMA("SendGridContactDeletion", "service", "operation") '
        "WHERE \"service\" = 'sendgrid-contact-deletion'",
        'SELECT SUM(StatusMessageFailures) FROM SCHEMA("SendGridContactDeletion", "service", "operation") '
        "WHERE \"service\" = 'sendgrid-contact-deletion'",
        'SELECT SUM(RequestsFailed) FROM SCHEMA("SendGridContactDeletion", "service", "operation") '
        "WHERE \"service\" = 'sendgrid-contact-deletion'",
    ],
)
def test_an_alarm_over_all_functions_asks_for_the_metric_of_this_stack(
    declared: Declared, query: str
) -> None:
    queries = [
        metric.get("Expression")
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        for metric in alarm.get("Metrics", [])
    ]

    assert query in queries


def counted(alarm: Any, namespace: str, dimension: str, value: str) -> set[str]:
    """The metrics of one resource that an alarm adds up."""
    return {
        query["MetricStat"]["Metric"]["MetricName"]
        for query in alarm.get("Metrics", [])
        if "MetricStat" in query
        and query["MetricStat"]["Metric"]["Namespace"] == namespace
        and query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": dimension, "Value": value}]
    }


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_an_execution_that_does_not_succeed_raises_an_alarm(declared: Declared, name: str) -> None:
    machine = f"{name}StateMachine.Ref"
    alarms = declared.of_type("AWS::CloudWatch::Alarm").values()
    (alarm,) = (alarm for alarm in alarms if counted(alarm, "AWS/States", "StateMachineArn", machine))

    assert counted(alarm, "AWS/States", "StateMachineArn", machine) == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
    }
    (shown,) = (query for query in alarm["Metrics"] if query.get("ReturnData", True))
    assert shown["Expression"] == "SUM(FILL(METRICS(), 0))"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_silence_is_health(declared: Declared) -> None:
    for logical_id, alarm in declared.of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["TreatMissingData"] == "notBreaching", logical_id


def test_every_alarm_says_what_has_happened(declared: Declared) -> None:
    descriptions = [a["AlarmDescription"] for a in declared.of_type("AWS::CloudWatch::Alarm").values()]

    assert len(set(descriptions)) == len(descriptions)


@pytest.mark.parametrize(
    ("parameters", "action"),
    [
        ({"AlarmEmail": "operator@example.com"}, "AlarmTopic.Ref"),
        ({"AlarmTopicArn": TOPIC_ARN}, TOPIC_ARN),
        ({"AlarmTopicArn": TOPIC_ARN, "AlarmEmail": "operator@example.com"}, TOPIC_ARN),
    ],
)
def test_every_alarm_is_told_to_the_topic(parameters: dict[str, str], action: str) -> None:
    declared = Declared(load_template(TEMPLATE, parameters))

    for logical_id, alarm in declared.of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [action], logical_id


def test_without_topic_and_address_alarms_are_told_to_nobody() -> None:
    declared = Declared(load_template(TEMPLATE))

    assert all("AlarmActions" not in alarm for alarm in declared.of_type("AWS::CloudWatch::Alarm").values())
    assert declared.of_type("AWS::SNS::Topic") == declared.of_type("AWS::KMS::Key") == {}


def test_the_topic_made_for_an_address_is_encrypted_with_a_key_that_alarms_may_use(
    declared: Declared,
) -> None:
    (topic,) = declared.of_type("AWS::SNS::Topic").values()
    (key,) = declared.of_type("AWS::KMS::Key").values()

    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "operator@example.com"}]
    assert topic["KmsMasterKeyId"] == "AlarmTopicKey.Arn"
    assert {"Service": "cloudwatch.amazonaws.com"} in [s["Principal"] for s in key["KeyPolicy"]["Statement"]]
