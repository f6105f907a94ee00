"""What a call says, and what it does not carry on from another."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from contact_deletion.requests.identifiers import IdentifierType
from local.sendgrid_double import Account, Fault
from tests.client.support import DELETIONS, EXPORTS, OPERATIONS, Api, RawServer
from tests.support.events import contact_id
from tests.support.serving import serving
from tests.support.world import API_KEY, World

each_operation = pytest.mark.parametrize("name", OPERATIONS)


@each_operation
def test_every_call_asks_for_json_with_key(api: Api, sent: list[requests.PreparedRequest], name: str) -> None:
    api.call(name)
    (request,) = sent
    assert request.headers["Authorization"] == f"Bearer {API_KEY}"
    assert request.headers["Accept"] == "application/json"


def test_without_a_subuser_no_call_is_on_behalf_of_one(world: World, api: Api) -> None:
    for name in OPERATIONS:
        api.call(name)
    assert len(world.double.requests) == len(OPERATIONS)
    assert not any("on-behalf-of" in request.headers for request in world.double.requests)


@pytest.fixture
def subuser(world: World) -> Account:
    world.change_settings(on_behalf_of="subuser")
    return world.double.add_subuser("subuser")


def test_with_a_subuser_every_call_is_on_its_behalf(world: World, subuser: Account) -> None:
    api = Api(world, subuser)
    for name in OPERATIONS:
        api.call(name)
    headers = [request.headers["on-behalf-of"] for request in world.double.requests]
    assert headers == ["subuser"] * len(OPERATIONS)
    assert len(subuser.jobs()) == 1 + len(DELETIONS)
    assert len(subuser.exports.all()) == 1 + len(EXPORTS)
    assert not world.double.account.jobs()


@each_operation
def test_subuser_is_named_in_the_case_that_twilio_documents(world: World, name: str) -> None:
    """In another case the parent account answered (sendgrid/docs#3751)."""
    with serving(RawServer()) as server:
        world.change_settings(sendgrid_base_url=server.url, on_behalf_of="Sub.User")
        api = Api(world)
        response = {"job_id": api.job, "id": api.contact, "status": "pending", "contact_count": 0}
        response["result"] = {} if name.startswith("search") else []
        body = json.dumps(response).encode()
        server.answer = b"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n" + body
        api.call(name)
        headers = [line for line in server.heard if line.lower().startswith(b"on-behalf-of")]
    assert headers == [b"On-Behalf-Of: Sub.User"]


def test_calls_as_the_parent_name_no_subuser(world: World, subuser: Account) -> None:
    api = Api(world)
    assert api.client.sampled_contacts(api.deadline, as_parent=True) == {api.contact}
    assert api.client.existing_contacts([api.contact], api.deadline, as_parent=True) == {api.contact}
    assert api.client.existing_contacts([api.contact], api.deadline) == frozenset()
    assert ["On-Behalf-Of" in request.headers for request in world.double.requests] == [False, False, True]


def test_subuser_and_parent_have_rate_limits_of_their_own(world: World, subuser: Account) -> None:
    api = Api(world, subuser)
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}
    world.double.faults.add(Fault(headers=spent))
    api.client.sampled_contacts(api.deadline)
    api.client.sampled_contacts(api.deadline, as_parent=True)
    assert world.clock.slept == []


def test_contacts_are_deleted_by_their_ids(world: World, api: Api) -> None:
    ids = [world.new_contact() for _ in range(3)]
    job_id = api.client.delete_contacts(ids)
    (request,) = world.double.requests
    assert (request.target, request.body) == (f"/v3/marketing/contacts?ids={'%2C'.join(ids)}", "")
    world.jobs_end()
    assert world.double.account.contact_ids() == {api.contact}
    assert world.double.account.job(job_id) is not None


def test_all_contacts_are_deleted_by_a_word_of_their_own(world: World, api: Api) -> None:
    api.call("delete_all_contacts")
    (request,) = world.double.requests
    assert (request.target, request.body) == ("/v3/marketing/contacts?delete_all_contacts=true", "")
    world.jobs_end()
    assert not world.double.account.contact_ids()


def test_an_identifier_is_removed_by_its_type_and_value(world: World, api: Api) -> None:
    api.client.delete_identifier(api.contact, IdentifierType.EXTERNALID, "x", api.deadline)
    (request,) = world.double.requests
    assert request.target == f"/v3/marketing/contacts/{api.contact}/identifiers"
    assert json.loads(request.body) == {"identifier_type": "EXTERNALID", "identifier_value": "x"}
    assert request.headers["Content-Type"] == "application/json"
    api.call("delete_contacts")
    assert "Content-Type" not in world.double.requests[-1].headers, "a call without a body names no type"


def test_the_base_urls_path_comes_first(world: World) -> None:
    world.change_settings(sendgrid_base_url=f"{world.runtime.settings.sendgrid_base_url}/base")
    with pytest.raises(Exception, match="HTTP 501"):
        Api(world).delete_contacts()
    assert world.double.requests[0].target == f"/base/v3/marketing/contacts?ids={contact_id(0)}"


def test_the_machines_proxies_and_passwords_are_not_used(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password of-another-service\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert api.contact_count() == 1


def test_calls_one_after_another_share_a_connection_and_are_counted(
    world: World, api: Api, sent: list[requests.PreparedRequest]
) -> None:
    for _ in range(2):
        for name in OPERATIONS:
            api.call(name)
        usage = api.client.take_usage()
        assert (usage.api_calls, usage.rate_limit_wait_seconds) == (len(OPERATIONS), 0)
    world.double.faults.add(Fault(status=500))
    with pytest.raises(Exception, match="HTTP 500"):
        api.contact_count()
    api.contact_count()
    adapter: Any = world.runtime.session.get_adapter("http://")
    pool = adapter.get_connection_with_tls_context(sent[0], verify=True)
    assert pool.num_requests == len(sent) == 2 * len(OPERATIONS) + 2
    assert pool.num_connections == 1
