"""The start of an export, through its handler."""

import json

import pytest

from contact_deletion.errors import InvalidRequest
from contact_deletion.handlers import export_start
from tests.backup.support import Backups
from tests.support.events import contact_id


def test_an_export_of_all_contacts_is_asked_for(backups: Backups) -> None:
    export_id = backups.start()

    (call,) = backups.world.double.requests
    assert (call.method, call.route) == ("POST", "/v3/marketing/contacts/exports")
    assert json.loads(call.body) == {"file_type": "csv", "max_file_size": 500}
    assert [export.id for export in backups.world.double.account.exports.all()] == [export_id]


@pytest.mark.parametrize(("field", "sent"), [("list_id", "list_ids"), ("segment_id", "segment_ids")])
def test_an_export_of_one_list_or_segment_is_asked_for(backups: Backups, field: str, sent: str) -> None:
    group_id = contact_id(1)

    export_start.build(backups.runtime).handle({field: group_id}, backups.world.context)

    (call,) = backups.world.double.requests
    assert json.loads(call.body) == {"file_type": "csv", "max_file_size": 500, sent: [group_id]}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"list_ids": []}, "unknown field: list_ids"),
        ({"list_id": ""}, "list_id must be"),
        ({"segment_id": "../contacts"}, "segment_id must be"),
        ({"list_id": contact_id(1), "segment_id": contact_id(2)}, "exclude each other"),
    ],
)
def test_what_is_misspelled_is_not_an_export_of_everything(
    backups: Backups, payload: object, message: str
) -> None:
    with pytest.raises(InvalidRequest, match=message):
        export_start.build(backups.runtime).handle(payload, backups.world.context)

    assert backups.world.double.requests == []
