"""DeleteContactList of a file that names contacts by identifiers."""

import pytest

from tests.workflows.backup import backed_up
from tests.workflows.conftest import Workflows
from tests.workflows.test_delete_contact_list import MACHINE, accounted, put

# SendGrid refuses to search for them, one by one, and very many of them are not searched for.
REFUSED = [f"{number}@host" for number in range(100)]


def fill(workflows: Workflows) -> tuple[list[str], str]:
    """Contacts to delete, and another one."""
    account = workflows.double.account
    listed = [account.add_contact(email=f"{name}@example.com") for name in ("ada", "bo")]
    other = account.add_contact(email="other@example.com", alternate_emails=("cy@example.com",))
    return listed, other


def test_contacts_are_searched_for_and_deleted(workflows: Workflows) -> None:
    _, other = fill(workflows)
    rows = [
        "Email",
        "ADA@example.com",
        "bo@example.com",
        "ada@example.com",
        "cy@example.com",
        "di@example.com",
    ]

    ended = workflows.run(MACHINE, put(workflows, "\n".join(rows)))

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == {other}
    assert accounted(ended) == {"deleted": 2, "duplicates": 1, "alternate_email_matches": 1, "not_found": 1}
    assert ended.output["backup"] is None


@pytest.mark.parametrize("exists", [True, False])
def test_contacts_are_looked_for_in_an_export_that_is_kept(workflows: Workflows, exists: bool) -> None:
    listed, other = fill(workflows) if exists else ([], "")
    request = put(workflows, "\n".join(["email", "ada@example.com", *REFUSED, "bo@example.com"]))

    ended = workflows.run(MACHINE, request)

    assert ended.status == "SUCCEEDED"
    found = len(listed)
    assert accounted(ended) == {"not_found": 102 - found} | ({"deleted": found} if found else {})
    if exists:
        assert workflows.double.account.contact_ids() == {other}
        assert set(backed_up(workflows, ended.arn)) == {*listed, other}


def test_the_type_chooses_the_column(workflows: Workflows) -> None:
    contact = workflows.double.account.add_contact(external_id="7")
    kept_contact = workflows.double.account.add_contact(email="ada@example.com", external_id="8")
    request = put(workflows, "email,customer\nada@example.com,7\n")

    ended = workflows.run(MACHINE, request | {"identifier_type": "EXTERNALID", "id_column": "customer"})

    assert accounted(ended) == {"deleted": 1}
    assert workflows.double.account.contact_ids() == {kept_contact} != {contact}
