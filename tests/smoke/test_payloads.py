"""Nothing that the smoke test sends can delete a contact, judged by the functions' own validation and guards."""

import time
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from contact_deletion.deletion import guards
from contact_deletion.errors import DeleteAllRefused, InvalidRequest
from contact_deletion.request import bulk_delete, delete_all, follow_up, remove_identifier
from contact_deletion.request.bulk_delete import BulkDelete
from contact_deletion.request.delete_all import DeleteAll
from contact_deletion.request.remove_identifier import RemoveIdentifier
from local.smoke.payloads import Execution, Message, Payloads
from tests.support.template import TEMPLATE

PAYLOADS = Payloads.random()
PARSERS = [bulk_delete.parse, delete_all.parse, remove_identifier.parse, follow_up.parse]

EVERYTHING = {
    **{message.title: message.payload for message in PAYLOADS.messages()},
    **{execution.title: execution.payload for execution in PAYLOADS.executions()},
    "look-up": PAYLOADS.removal(),
    "contact count": PAYLOADS.contact_count(),
    "export status": PAYLOADS.export_status(),
    "deletion status": PAYLOADS.deletion_status(),
}


def the_delete_all() -> DeleteAll:
    (message,) = (one for one in PAYLOADS.messages() if one.expected_code == "DeleteAllRefused")
    return delete_all.parse(message.payload)


@pytest.mark.parametrize("title", EVERYTHING)
@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__module__.rpartition(".")[2])
def test_whichever_function_gets_a_payload_it_deletes_at_most_the_random_contact(
    parse: Any, title: str
) -> None:
    try:
        request = parse(EVERYTHING[title])
    except InvalidRequest:
        return
    match request:
        case BulkDelete(contact_ids=contact_ids):
            assert contact_ids == (PAYLOADS.contact_id,)
        case RemoveIdentifier(contact_id=contact_id):
            assert contact_id == PAYLOADS.contact_id
        case DeleteAll():
            assert request == the_delete_all()


def test_what_names_a_contact_says_so_and_is_sent_only_after_the_look_up() -> None:
    requests: list[Message | Execution] = [*PAYLOADS.messages(), *PAYLOADS.executions()]
    for request in requests:
        assert request.names_contact == (PAYLOADS.contact_id in str(request.payload))


def test_phrase_alone_refuses_the_delete_all() -> None:
    with pytest.raises(DeleteAllRefused, match="phrase"):
        guards.check_confirmation(the_delete_all())


def test_age_alone_refuses_the_delete_all_whatever_age_the_template_allows() -> None:
    allowed = yaml_parse(TEMPLATE.read_text())["Parameters"]["DeleteAllMaxAgeSeconds"]["MaxValue"]

    with pytest.raises(DeleteAllRefused, match="seconds ago"):
        guards.check_age(the_delete_all(), time.time(), int(allowed))


def test_ceiling_alone_refuses_the_delete_all_of_an_account_with_contacts() -> None:
    with pytest.raises(DeleteAllRefused, match="max_contacts"):
        guards.check_ceiling(the_delete_all(), 2)


def test_each_run_has_a_name_and_a_contact_id_of_its_own() -> None:
    others = [Payloads.random() for _ in range(100)]

    assert len({other.name for other in others} | {PAYLOADS.name}) == 101
    assert len({other.contact_id for other in others} | {PAYLOADS.contact_id}) == 101


def test_names_fit_where_they_are_used() -> None:
    """A rule's name has at most 64 characters, an execution's 80 (AWS docs)."""
    assert len(PAYLOADS.name) <= 64
    assert len({message.request_id for message in PAYLOADS.messages()}) == len(PAYLOADS.messages())
