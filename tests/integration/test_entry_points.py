"""Lambda's entry points make themselves from the environment, on first use."""

from importlib import import_module
from pathlib import Path

import pytest

from contact_deletion import handlers
from contact_deletion.errors import InvalidRequest
from contact_deletion.runtime import InvalidSetting
from local.aws.names import REGION
from local.simulation.context import Context

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "SENDGRID_API_KEY_SECRET_ID": "secret",
    "LEDGER_TABLE": "table",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.example.com/dead-letters",
    "DELETION_STATUS_QUEUE_URL": "https://sqs.example.com/deletion-status",
    "BACKUP_BUCKET": "backups",
    "CONTACT_LIST_BUCKET": "lists",
}
# What only the functions that a queue feeds need besides.
WITH_A_QUEUE = {
    "LEDGER_TABLE": "table",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.example.com/dead-letters",
}

# Of functions that do not call SendGrid.
FIRST_MISSED = {"backup_check": "BACKUP_BUCKET", "list_summary": "CONTACT_LIST_BUCKET"}

every_function = pytest.mark.parametrize(
    "function", sorted(path.stem for path in Path(handlers.__path__[0]).glob("[a-z]*.py"))
)


@every_function
def test_a_function_makes_itself_once_and_answers(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"contact_deletion.handlers.{function}")
    made = module.function
    made.cache_clear()
    queue = WITH_A_QUEUE if hasattr(module, "application") else {}
    for name, value in (ENVIRONMENT | queue).items():
        monkeypatch.setenv(name, value)

    for _ in range(2):
        with pytest.raises(InvalidRequest):
            module.handler({"no such field": 1}, Context())

    assert made.cache_info().misses == 1
    made.cache_clear()


@every_function
def test_a_function_without_its_settings_says_which_is_missing(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(f"contact_deletion.handlers.{function}")
    missing = FIRST_MISSED.get(function, "SENDGRID_API_KEY_SECRET_ID")
    monkeypatch.delenv(missing, raising=False)
    with pytest.raises(InvalidSetting, match=missing):
        module.handler({}, Context())
