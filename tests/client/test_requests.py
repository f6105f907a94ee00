"""What a call says, and what it does not carry on from another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from contact_deletion.deadline import Deadline
from contact_deletion.requests.identifier_removal import IdentifierType
from local.sendgrid_double import Fault, SendGridDouble, serve
from tests.client.support import DELETIONS, EXPORTS, OPERATIONS, Known, WholeClient, with_each
from tests.hostile.elsewhere import RawServer
from tests.support.events import contact_id
from tests.support.serving import serving
from tests.support.world import API_KEY, World

each_operation = pytest.mark.parametrize("name", OPERATIONS)


@each_operation
def test_every_call_asks_for_json_with_the_key(
    client: WholeClient, known: Known, deadline: Deadline, sent: list[requests.PreparedRequest], name: str
) -> None:
    OPERATIONS[name](client, known, deadline)
    (request,) = sent
    assert request.headers["Authorization"] == f"Bearer {API_KEY}"
    assert request.headers["Accept"] == "application/json"


def test_without_a_subuser_no_call_is_on_behalf_of_one(
    world: World, client: WholeClient, known: Known, deadline: Deadline
) -> None:
    for call in OPERATIONS.values():
        call(client, known, deadline)
    assert len(world.double.requests) == len(OPERATIONS)
    assert not any("on-behalf-of" in request.headers for request in world.double.requests)


def test_with_a_subuser_every_call_is_on_its_behalf(
    world: World, new_client: Callable[[], WholeClient], deadline: Deadline
) -> None:
    subuser = world.double.add_subuser("subuser")
    known = Known.to(subuser)
    world.change_settings(on_behalf_of="subuser")
    client = new_client()
    for call in OPERATIONS.values():
        call(client, known, deadline)
    assert [request.headers["on-behalf-of"] for request in world.double.requests] == ["subuser"] * len(
        OPERATIONS
    )
    assert len(subuser.jobs()) == 1 + len(DELETIONS)
    assert len(subuser.exports.all()) == 1 + len(EXPORTS)
    assert not world.double.account.jobs()


@each_operation
def test_subuser_is_named_in_the_case_that_twilio_documents(
    world: World, known: Known, deadline: Deadline, name: str
) -> None:
    """In another case the parent account answered (sendgrid/docs#3751)."""
    answer = {"job_id": known.job, "id": known.contact, "status": "pending", "result": [], "contact_count": 0}
    body = json.dumps(answer).encode()
    with serving(RawServer()) as server:
        server.answer = b"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n" + body
        world.change_settings(sendgrid_base_url=server.url, on_behalf_of="Sub.User")
        OPERATIONS[name](world.runtime.client(WholeClient), known, deadline)
        headers = [line for line in server.heard if line.lower().startswith(b"on-behalf-of")]
    assert headers == [b"On-Behalf-Of: Sub.User"]


def test_calls_as_the_parent_name_no_subuser(
    world: World, new_client: Callable[[], WholeClient], deadline: Deadline
) -> None:
    world.double.add_subuser("subuser")
    contact = world.new_contact()
    world.change_settings(on_behalf_of="subuser")
    client = new_client()
    assert client.sampled_contacts(deadline, as_parent=True) == {contact}
    assert client.existing_contacts([contact], deadline, as_parent=True) == {contact}
    assert client.existing_contacts([contact], deadline) == frozenset()
    assert ["On-Behalf-Of" in request.headers for request in world.double.requests] == [False, False, True]


def test_subuser_and_parent_have_rate_limits_of_their_own(
    world: World, new_client: Callable[[], WholeClient], deadline: Deadline
) -> None:
    world.double.add_subuser("subuser")
    world.change_settings(on_behalf_of="subuser")
    client = new_client()
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}
    world.double.faults.add(Fault(headers=spent))
    client.sampled_contacts(deadline)
    client.sampled_contacts(deadline, as_parent=True)
    assert world.clock.slept == []


def test_contacts_are_deleted_by_their_ids(world: World, client: WholeClient) -> None:
    ids = [world.new_contact() for _ in range(3)]
    kept = world.new_contact()
    job_id = client.delete_contacts(ids)
    (request,) = world.double.requests
    assert request.target == f"/v3/marketing/contacts?ids={'%2C'.join(ids)}"
    assert request.body == ""
    world.jobs_end()
    assert world.double.account.contact_ids() == {kept}
    assert world.double.account.job(job_id) is not None


def test_all_contacts_are_deleted_by_a_word_of_their_own(world: World, client: WholeClient) -> None:
    world.new_contact()
    client.delete_all_contacts()
    (request,) = world.double.requests
    assert request.target == "/v3/marketing/contacts?delete_all_contacts=true"
    assert request.body == ""
    world.jobs_end()
    assert not world.double.account.contact_ids()


def test_an_identifier_is_removed_by_its_type_and_value(
    world: World, client: WholeClient, contact: str, deadline: Deadline
) -> None:
    client.delete_identifier(contact, IdentifierType.EXTERNALID, "x", deadline)
    (request,) = world.double.requests
    assert request.target == f"/v3/marketing/contacts/{contact}/identifiers"
    assert json.loads(request.body) == {"identifier_type": "EXTERNALID", "identifier_value": "x"}
    assert request.headers["Content-Type"] == "application/json"


def test_a_call_without_a_body_says_nothing_of_one_after_a_call_with_one(
    world: World, client: WholeClient, contact: str, deadline: Deadline
) -> None:
    client.delete_identifier(contact, IdentifierType.EXTERNALID, "x", deadline)
    client.delete_contacts([contact])
    assert "Content-Type" not in world.double.requests[-1].headers


def test_the_base_urls_path_comes_first(
    world: World, new_client: Callable[[], WholeClient], sent: list[requests.PreparedRequest]
) -> None:
    world.change_settings(sendgrid_base_url=f"{world.runtime.settings.sendgrid_base_url}/base")
    with pytest.raises(Exception, match="HTTP 501"):
        new_client().delete_contacts([contact_id(1)])
    assert world.double.requests[0].target == f"/base/v3/marketing/contacts?ids={contact_id(1)}"


def test_no_cookie_is_kept(world: World, client: WholeClient, known: Known, deadline: Deadline) -> None:
    world.double.faults.add(Fault(headers={"Set-Cookie": "session=1; Path=/"}))
    for call in OPERATIONS.values():
        call(client, known, deadline)
    assert not any("Cookie" in request.headers for request in world.double.requests)


def test_the_machines_proxies_and_passwords_are_not_used(
    client: WholeClient, deadline: Deadline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password of-another-service\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert client.contact_count(deadline) == 0


@pytest.mark.parametrize(("name", "status"), with_each(302, 301, 303, 307, 308))
def test_a_redirect_is_not_followed(
    world: World, client: WholeClient, known: Known, deadline: Deadline, name: str, status: int
) -> None:
    elsewhere = SendGridDouble()
    with serve(elsewhere) as other_url:
        location = f"{other_url}/v3/marketing/contacts"
        world.double.faults.add(Fault(status=status, headers={"Location": location}))
        with pytest.raises(Exception, match=f"HTTP {status}"):
            OPERATIONS[name](client, known, deadline)
    assert elsewhere.requests == []
    assert len(world.double.requests) == 1


def test_calls_one_after_another_share_a_connection(
    world: World,
    client: WholeClient,
    known: Known,
    deadline: Deadline,
    sent: list[requests.PreparedRequest],
) -> None:
    for _ in range(2):
        for call in OPERATIONS.values():
            call(client, known, deadline)
    world.double.faults.add(Fault(status=500))
    with pytest.raises(Exception, match="HTTP 500"):
        client.contact_count(deadline)
    client.contact_count(deadline)
    adapter: Any = world.runtime.session.get_adapter("http://")
    pool = adapter.get_connection_with_tls_context(sent[0], verify=True)
    assert pool.num_requests == len(sent) == 2 * len(OPERATIONS) + 2
    assert pool.num_connections == 1


def test_usage_is_what_was_called_since_it_was_last_taken(
    world: World, client: WholeClient, known: Known, deadline: Deadline
) -> None:
    for call in OPERATIONS.values():
        call(client, known, deadline)
    usage = client.take_usage()
    assert usage.api_calls == len(world.double.requests) == len(OPERATIONS)
    assert usage.rate_limit_wait_seconds == 0
    assert client.take_usage().api_calls == 0
