"""The start of an export, through its handler."""

import json

import pytest

from contact_deletion.errors import InvalidRequest
from contact_deletion.handlers import export_start
from tests.backup.support import Backups


def test_an_export_of_all_contacts_is_asked_for(backups: Backups) -> None:
    export_id = backups.start()

    (call,) = backups.world.double.requests
    assert (call.method, call.route) == ("POST", "/v3/marketing/contacts/exports")
    assert json.loads(call.body) == {"file_type": "csv", "max_file_size": 500}
    assert [export.id for export in backups.world.double.account.exports.all()] == [export_id]


def test_nothing_can_be_asked_for_but_everything(backups: Backups) -> None:
    with pytest.raises(InvalidRequest, match="list_ids"):
        export_start.build(backups.runtime).handle({"list_ids": []}, backups.world.context)

    assert backups.world.double.requests == []
