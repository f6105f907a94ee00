from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest

from local.aws.template import TEMPLATE
from tests.template.conftest import Declared
from tests.template.names import FUNCTIONS, QUEUE_FUNCTIONS

ENVIRONMENT: dict[str, Any] = {
    "SENDGRID_BASE_URL": "https://api.sendgrid.com",
    "SENDGRID_API_KEY_SECRET_ID": "SendGridApiKeySecret.Ref",
    "SENDGRID_ON_BEHALF_OF": "",
    "LEDGER_TABLE": "LedgerTable.Ref",
    "DELETION_STATUS_QUEUE_URL": "DeletionStatusQueue.Ref",
    "EVENT_BUS_NAME": "default",
    "OUTCOME_EVENTS": "each",
    "CONTACT_VERIFICATION": "on-error",
    "CONSISTENCY_WINDOW_SECONDS": 900,
    "DELETE_ALL_ENABLED": "false",
    "POWERTOOLS_METRICS_NAMESPACE": "SendGridContactDeletion",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def test_these_are_all_the_functions_and_those_that_queues_feed(declared: Declared) -> None:
    assert declared.of_type("AWS::Lambda::Function").keys() == {f"{name}Function" for name in FUNCTIONS}
    assert declared.fed_functions() == set(QUEUE_FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_whole_environment(declared: Declared, name: str) -> None:
    environment = declared.function(name)["Environment"]["Variables"]

    assert environment.items() >= ENVIRONMENT.items()
    assert environment["POWERTOOLS_SERVICE_NAME"]


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_a_function_knows_the_dead_letter_queue_of_its_own_queue(declared: Declared, name: str) -> None:
    environment = declared.function(name)["Environment"]["Variables"]

    assert environment["DEAD_LETTER_QUEUE_URL"] == f"{name}DeadLetterQueue.Ref"


@pytest.mark.parametrize(
    ("name", "variable", "bucket"),
    [
        ("ExportCopy", "BACKUP_BUCKET", "BackupBucket.Ref"),
        ("BackupCheck", "BACKUP_BUCKET", "BackupBucket.Ref"),
        ("ListSummary", "CONTACT_LIST_BUCKET", "ContactListBucket.Ref"),
        ("PrepareList", "CONTACT_LIST_BUCKET", "ContactListBucket.Ref"),
        ("PrepareList", "BACKUP_BUCKET", "BackupBucket.Ref"),
    ],
)
def test_a_function_knows_its_bucket(declared: Declared, name: str, variable: str, bucket: str) -> None:
    assert declared.function(name)["Environment"]["Variables"][variable] == bucket


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_handler_can_be_imported(declared: Declared, name: str) -> None:
    module, _, attribute = declared.function(name)["Handler"].rpartition(".")

    assert callable(getattr(import_module(module), attribute))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_built_by_a_target_of_the_makefile(source: Mapping[str, Any], name: str) -> None:
    assert source["Resources"][f"{name}Function"]["Metadata"] == {"BuildMethod": "makefile"}
    assert "\nbuild-%Function:" in (TEMPLATE.parent / "src" / "Makefile").read_text()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_traced_and_has_a_log_group_with_an_end(declared: Declared, name: str) -> None:
    function = declared.function(name)

    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"] == {"LogGroup": f"{name}FunctionLogGroup.Ref"}
    assert declared.of_type("AWS::Logs::LogGroup")[f"{name}FunctionLogGroup"]["RetentionInDays"] > 0
    # Lambda would use one for asynchronous invocations only, and it would look like the queue's.
    assert "DeadLetterConfig" not in function


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_queue_is_polled_by_batch_with_bounded_concurrency(declared: Declared, name: str) -> None:
    """Reserved concurrency would make the poller burn receive counts on throttled invocations."""
    mapping = declared.event_source(name)

    assert mapping["EventSourceArn"] == f"{name}Queue.Arn"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10 or mapping["MaximumBatchingWindowInSeconds"] >= 1
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 2
    assert "ReservedConcurrentExecutions" not in declared.function(name)
