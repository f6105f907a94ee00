"""Nothing that the smoke test sends can delete a contact, judged by the functions' own validation and guards."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from contact_deletion.deletion import guards
from contact_deletion.errors import DeleteAllRefused, InvalidRequest
from contact_deletion.requests import account_deletion, bulk_deletion, identifier_removal, status_check
from contact_deletion.requests.account_deletion import DeleteAll
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.requests.identifier_removal import RemoveIdentifier
from local.aws.template import TEMPLATE
from local.smoke.payloads import Execution, Message, Payloads

PAYLOADS = Payloads.random()
PARSERS = [bulk_deletion.parse, account_deletion.parse, identifier_removal.parse, status_check.parse]

EVERYTHING = {
    **{message.title: message.payload for message in PAYLOADS.messages()},
    **{execution.title: execution.payload for execution in PAYLOADS.executions()},
    "lookup": PAYLOADS.removal(),
    "contact count": PAYLOADS.contact_count(),
    "export status": PAYLOADS.export_status(),
    "deletion status": PAYLOADS.deletion_status(),
}


def the_delete_all() -> DeleteAll:
    (message,) = (each for each in PAYLOADS.messages() if each.expected_code == "DeleteAllRefused")
    return account_deletion.parse(message.payload)


@pytest.mark.parametrize("title", EVERYTHING)
@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__module__.rpartition(".")[2])
def test_function_that_gets_a_payload_deletes_at_most_the_random_contact(parse: Any, title: str) -> None:
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


GREATEST_AGE_ALLOWED = int(
    yaml_parse(TEMPLATE.read_text())["Parameters"]["DeleteAllMaxAgeSeconds"]["MaxValue"]
)


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (guards.check_confirmation, "phrase"),
        (lambda request: guards.check_age(request, time.time(), GREATEST_AGE_ALLOWED), "seconds ago"),
        (lambda request: guards.check_ceiling(request, 2), "max_contacts"),
    ],
)
def test_each_guard_alone_refuses_the_delete_all(check: Callable[[DeleteAll], None], reason: str) -> None:
    with pytest.raises(DeleteAllRefused, match=reason):
        check(the_delete_all())


def test_each_run_has_a_name_and_a_contact_id_of_its_own() -> None:
    others = [Payloads.random() for _ in range(100)]

    assert len({other.name for other in others} | {PAYLOADS.name}) == 101
    assert len({other.contact_id for other in others} | {PAYLOADS.contact_id}) == 101


def test_names_fit_where_they_are_used() -> None:
    """A rule's name has at most 64 characters, an execution's 80 (AWS docs)."""
    assert len(PAYLOADS.name) <= 64
    assert len({message.request_id for message in PAYLOADS.messages()}) == len(PAYLOADS.messages())
