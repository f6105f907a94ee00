"""Lambda's entry points make their function from the environment, once."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from contact_deletion.errors import InvalidRequest
from contact_deletion.handlers import backup_check, export_copy, export_start, export_status, list_summary
from contact_deletion.runtime import InvalidSetting
from tests.support.context import Context
from tests.support.world import World

HANDLERS: list[Any] = [export_start, export_status, export_copy, backup_check, list_summary]
BUCKETS = {export_copy: "BACKUP_BUCKET", backup_check: "BACKUP_BUCKET", list_summary: "CONTACT_LIST_BUCKET"}


@pytest.fixture(params=HANDLERS, ids=lambda module: module.OPERATION)
def module(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    settings = world.runtime.settings
    monkeypatch.setenv("SENDGRID_BASE_URL", settings.sendgrid_base_url)
    monkeypatch.setenv("SENDGRID_API_KEY_SECRET_ID", settings.api_key_secret_id)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"{settings.service}-entry-point")
    if request.param in BUCKETS:
        monkeypatch.setenv(BUCKETS[request.param], "some-bucket")
    request.param.function.cache_clear()
    yield request.param
    request.param.function.cache_clear()


def test_an_entry_point_handles_events(module: ModuleType) -> None:
    with pytest.raises(InvalidRequest, match="surprise"):
        module.handler({"surprise": 1}, Context())

    assert module.function() is module.function()


def test_an_entry_point_names_the_setting_that_it_misses(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = BUCKETS.get(module, "SENDGRID_API_KEY_SECRET_ID")
    monkeypatch.delenv(missing)

    with pytest.raises(InvalidSetting, match=missing):
        module.handler({}, Context())
