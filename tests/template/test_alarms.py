from typing import Any

import pytest

from contact_deletion.handlers import delete_all
from contact_deletion.responses.backoff import MAX_SECONDS
from local.aws.names import STACK_NAME
from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import QUEUE_FUNCTIONS, STATE_MACHINES

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:operators"


ANY = ("Sum", "GreaterThanThreshold", 0)


def trigger(alarm: Any) -> tuple[str, str, int]:
    return alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]


def alarms_on(declared: Declared, metric: str, dimension: str, value: str) -> list[Any]:
    return [
        alarm
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == metric and alarm["Dimensions"] == [{"Name": dimension, "Value": value}]
    ]


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_dead_letter_and_throttled_function_raise_an_alarm(declared: Declared, name: str) -> None:
    queue = f"{name}DeadLetterQueue.QueueName"
    (alarm,) = alarms_on(declared, "ApproximateNumberOfMessagesVisible", "QueueName", queue)
    (throttles,) = alarms_on(declared, "Throttles", "FunctionName", f"{name}Function.Ref")

    assert throttles["Statistic"] == "Sum"
    assert trigger(alarm) == ("Maximum", "GreaterThanThreshold", 0)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("BulkDelete", 3600), ("DeleteAll", 900), ("RemoveIdentifier", 3600), ("DeletionStatus", 3600)],
)
def test_message_that_waits_too_long_raises_an_alarm(declared: Declared, name: str, seconds: int) -> None:
    """For the deletion of all contacts, too long is when it would be refused."""
    (alarm,) = alarms_on(declared, "ApproximateAgeOfOldestMessage", "QueueName", f"{name}Queue.QueueName")

    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", seconds)


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_failed_batch_raises_an_alarm_a_refused_workflow_does_not(declared: Declared, name: str) -> None:
    """What a workflow invokes is the function itself: its rejections, which Lambda counts as errors, are not the
    alias's, by which the queue invokes it."""
    alias = declared.of_type("AWS::Lambda::Alias")[f"{name}QueueAlias"]
    (alarm,) = (
        alarm
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "Errors"
        and {"Name": "FunctionName", "Value": f"{name}Function.Ref"} in alarm["Dimensions"]
    )

    assert declared.event_source(name)["FunctionName"] == f"{name}QueueAlias.Ref"
    assert {"Name": "Resource", "Value": f"{name}Function.Ref:{alias['Name']}"} in alarm["Dimensions"]
    assert len(alarm["Dimensions"]) == 2
    assert trigger(alarm) == ANY


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_a_queue_invokes_the_function_as_it_is_configured_now(declared: Declared, name: str) -> None:
    """A published version would keep its variables: DELETE_ALL_ENABLED would stay true after it is switched off."""
    alias = declared.of_type("AWS::Lambda::Alias")[f"{name}QueueAlias"]

    assert (alias["FunctionName"], alias["FunctionVersion"]) == (f"{name}Function.Ref", "$LATEST")
    assert declared.of_type("AWS::Lambda::Version") == {}


def seconds_evaluated(alarm: Any) -> int:
    periods = {alarm.get("Period")} | {
        query.get("Period") or query.get("MetricStat", {}).get("Period") for query in alarm.get("Metrics", [])
    }
    (period,) = periods - {None}
    return int(period) * int(alarm["EvaluationPeriods"])


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_the_errors_alarm_lasts_until_the_failed_batch_comes_back(declared: Declared, name: str) -> None:
    """Or each failure of the same batch would be a notification, and each pause between them one that all is well."""
    alarm = declared.of_type("AWS::CloudWatch::Alarm")[f"{name}ErrorsAlarm"]

    assert alarm["DatapointsToAlarm"] == 1
    assert seconds_evaluated(alarm) > declared.queue(f"{name}Queue")["VisibilityTimeout"]


@pytest.mark.parametrize(
    "name", ["UnauthorizedAlarm", "LedgerWriteFailuresAlarm", "StatusMessageFailuresAlarm"]
)
def test_an_alarm_lasts_until_the_deferred_message_comes_back(declared: Declared, name: str) -> None:
    alarm = declared.of_type("AWS::CloudWatch::Alarm")[name]

    assert alarm["DatapointsToAlarm"] == 1
    assert seconds_evaluated(alarm) > MAX_SECONDS


def test_a_quarter_of_an_hour_without_deferral_does_not_end_the_alarm(declared: Declared) -> None:
    """A message that comes back after a little more than a quarter of an hour may leave one out."""
    alarm = declared.of_type("AWS::CloudWatch::Alarm")["DeferralsAlarm"]

    assert 0 < alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"]
    assert alarm["DatapointsToAlarm"] * MAX_SECONDS == 3600


def test_an_alarm_that_fills_gaps_sees_a_metric_that_comes_late(declared: Declared) -> None:
    """The newest period is filled with 0 before its metric is there: a later evaluation has to look at it again."""
    filling = [
        alarm
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        if any("FILL" in query.get("Expression", "") for query in alarm.get("Metrics", []))
    ]

    assert len(filling) == len(STATE_MACHINES)
    for alarm in filling:
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 3)


def test_an_accepted_deletion_of_all_contacts_raises_an_alarm(declared: Declared) -> None:
    """From its queue or from a workflow: the function counts both."""
    alarm = declared.of_type("AWS::CloudWatch::Alarm")["DeleteAllAcceptedAlarm"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("SendGridContactDeletion", "RequestsAccepted")
    assert alarm["Dimensions"] == [
        {"Name": "service", "Value": STACK_NAME},
        {"Name": "operation", "Value": delete_all.OPERATION},
    ]
    assert trigger(alarm) == ANY
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, 1)


@pytest.mark.parametrize(
    ("metric", "code"),
    [
        ("RequestsDeferred", "SendGridUnauthorized"),
        ("RequestsDeferred", None),
        ("LedgerWriteFailures", None),
        ("StatusMessageFailures", None),
        ("RequestsFailed", None),
        ("RequestsUnknown", None),
    ],
)
def test_alarm_over_all_functions_asks_for_the_metric_of_this_stack(
    declared: Declared, metric: str, code: str | None
) -> None:
    dimensions = '"service", "operation", "code"' if code else '"service", "operation"'
    this_code = f" AND \"code\" = '{code}'" if code else ""
    queries = [
        query.get("Expression")
        for alarm in declared.of_type("AWS::CloudWatch::Alarm").values()
        for query in alarm.get("Metrics", [])
    ]

    schema = f'FROM SCHEMA("SendGridContactDeletion", {dimensions})'
    where = f"WHERE \"service\" = 'sendgrid-contact-deletion'{this_code}"
    assert " ".join(["SELECT", f"SUM({metric})", schema, where]) in queries


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

    ends = {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    assert counted(alarm, "AWS/States", "StateMachineArn", machine) == ends
    (shown,) = (query for query in alarm["Metrics"] if query.get("ReturnData", True))
    assert shown["Expression"] == "SUM(FILL(METRICS(), 0))"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_every_alarm_says_what_has_happened_and_is_well_in_silence(declared: Declared) -> None:
    alarms = declared.of_type("AWS::CloudWatch::Alarm")

    assert len({alarm["AlarmDescription"] for alarm in alarms.values()}) == len(alarms)
    for logical_id, alarm in alarms.items():
        assert alarm["TreatMissingData"] == "notBreaching", logical_id


@pytest.mark.parametrize(
    ("parameters", "action"),
    [
        ({"AlarmEmail": "operator@example.com"}, "AlarmTopic.Ref"),
        ({"AlarmTopicArn": TOPIC_ARN}, TOPIC_ARN),
        ({"AlarmTopicArn": TOPIC_ARN, "AlarmEmail": "operator@example.com"}, TOPIC_ARN),
    ],
)
def test_every_alarm_goes_to_the_topic(parameters: dict[str, str], action: str) -> None:
    declared = Declared(load_template(TEMPLATE, parameters))

    for logical_id, alarm in declared.of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [action], logical_id


def test_without_topic_and_address_alarms_go_nowhere() -> None:
    declared = Declared(load_template(TEMPLATE))

    for alarm in declared.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm.keys().isdisjoint({"AlarmActions", "OKActions"})
    assert declared.of_type("AWS::SNS::Topic") == declared.of_type("AWS::KMS::Key") == {}


def test_topic_is_encrypted_with_a_key_that_alarms_may_use(
    declared: Declared,
) -> None:
    (topic,) = declared.of_type("AWS::SNS::Topic").values()
    (key,) = declared.of_type("AWS::KMS::Key").values()

    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "operator@example.com"}]
    assert topic["KmsMasterKeyId"] == "AlarmTopicKey.Arn"
    assert {"Service": "cloudwatch.amazonaws.com"} in [s["Principal"] for s in key["KeyPolicy"]["Statement"]]
