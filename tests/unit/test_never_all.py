"""A deletion by ids can never become one of all contacts."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import contact_deletion
from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import bulk_deletion
from tests.support.events import contact_id
from tests.unit import strategies
from tests.unit.support import client_that_cannot_call

SOURCES = {
    path.relative_to(Path(contact_deletion.__file__).parent).as_posix(): path.read_text()
    for path in Path(contact_deletion.__file__).parent.rglob("*.py")
}

hostile_texts = st.builds(
    lambda before, what, after: before + what + after,
    strategies.contact_ids | st.just(""),
    st.sampled_from(
        ["&delete_all_contacts=true", "#", "?", "%26delete_all_contacts%3Dtrue", ";", "\r\n\r\n", ",", "/"]
    ),
    strategies.contact_ids | st.just(""),
)


@given(st.lists(st.one_of(*[strategies.contact_ids] * 4, hostile_texts, strategies.json_values), max_size=6))
def test_whatever_passes_for_a_request_its_target_names_ids_and_nothing_else(ids: list[object]) -> None:
    try:
        request = bulk_deletion.parse({"contact_ids": ids})
    except InvalidRequest:
        return
    target = client_that_cannot_call().ids_target(request.contact_ids)
    assert "delete_all_contacts" not in target
    assert target.isascii()
    url = urlsplit(target)
    assert url.path == "/v3/marketing/contacts"
    assert not url.fragment
    assert parse_qsl(url.query, strict_parsing=True) == [("ids", ",".join(request.contact_ids))]
    assert request.contact_ids
    assert all(
        re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", contact_id)
        for contact_id in request.contact_ids
    )


@pytest.mark.parametrize("nothing", [[], ()])
def test_without_an_id_there_is_no_target(nothing: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one id"):
        client_that_cannot_call().ids_target(nothing)


def test_without_an_id_there_is_no_call() -> None:
    client = client_that_cannot_call()
    with pytest.raises(ValueError, match="at least one id"):
        client.delete_contacts([])
    assert client.take_usage().api_calls == 0


def test_the_path_of_the_base_url_is_kept() -> None:
    target = client_that_cannot_call("https://api.example.com/base").ids_target([contact_id(1)])
    assert target == f"/base/v3/marketing/contacts?ids={contact_id(1)}"


@pytest.mark.parametrize("text", ['"DELETE"', "delete_all_contacts=", "?ids="])
def test_only_the_client_writes_a_deletion(text: str) -> None:
    assert [name for name, source in SOURCES.items() if text in source] == ["sendgrid/client.py"]


def test_only_the_transport_knows_where_contacts_are() -> None:
    assert [name for name, source in SOURCES.items() if "}/v3/marketing" in source] == [
        "sendgrid/transport.py"
    ]


def test_each_query_parameter_is_written_in_one_place() -> None:
    client = SOURCES["sendgrid/client.py"]
    assert client.count("?ids=") == 1
    assert client.count("?delete_all_contacts=true") == 1
    assert client.count("delete_all_contacts=") == 1
