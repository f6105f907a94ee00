import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests.bulk_deletion import MAX_CONTACT_IDS, MAX_IDENTIFIERS, parse
from tests.support.events import contact_id, delete_by_identifiers
from tests.unit import strategies

AN_ID = contact_id(1)


@given(st.lists(strategies.contact_ids, min_size=1, max_size=20), st.data())
def test_ids_become_lower_case_and_duplicates_are_folded_in_order(
    ids: list[str], data: st.DataObject
) -> None:
    repeated = ids + data.draw(st.lists(st.sampled_from(ids)))
    assert list(parse({"contact_ids": repeated}).contact_ids) == list(dict.fromkeys(map(str.lower, repeated)))
    shuffled = data.draw(st.permutations([value.swapcase() for value in ids]))
    assert parse({"contact_ids": shuffled}).content == parse({"contact_ids": ids}).content


@pytest.mark.parametrize(
    "bad",
    [
        *("", "true", AN_ID + " ", AN_ID + "\n", f"{AN_ID},{contact_id(2)}", f"[{AN_ID}]", f"{{{AN_ID}}}"),
        *(AN_ID.replace("-", ""), AN_ID + "&delete_all_contacts=true", AN_ID[:-1] + "٣", AN_ID[:-1] + "g"),
        "YUBleGFtcGxlLmNvbQ==",  # a legacy recipient ID
        *(7, None, [AN_ID]),
    ],
    ids=repr,
)
def test_a_bad_id_is_named_by_its_place(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^contact_ids\[1\] must be a contact id in UUID form$"):
        parse({"contact_ids": [AN_ID, bad]})


@pytest.mark.parametrize("bad", [None, "", AN_ID, {}, {AN_ID: 1}, 3, []], ids=repr)
def test_ids_are_a_list_that_is_not_empty(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^contact_ids must be a list of 1 to 10000"):
        parse({"contact_ids": bad})


def test_as_many_ids_as_allowed_are_valid_and_one_more_is_not() -> None:
    ids = [contact_id(number) for number in range(MAX_CONTACT_IDS + 1)]
    assert len(parse({"contact_ids": ids[1:]}).contact_ids) == MAX_CONTACT_IDS
    with pytest.raises(InvalidRequest, match=r"^contact_ids must be"):
        parse({"contact_ids": ids})


NO_IDENTIFIERS: list[object] = [None, "ada@example.com", {}, [], ["a@example.com"] * (MAX_IDENTIFIERS + 1)]
NO_TEXTS: list[object] = [1, None, []]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"identifier_type": "email"}, "identifier_type must be one of EMAIL, "),
        *(
            ({"identifier_values": bad}, "identifier_values must be a list of 1 to 1000 identifiers")
            for bad in NO_IDENTIFIERS
        ),
        *(
            ({"identifier_values": ["a@example.com", bad]}, r"identifier_values\[1\] must be text")
            for bad in NO_TEXTS
        ),
        (
            {"identifier_values": ["", "a b@c", "a@b@c"]},
            "identifier_values has no valid identifier of the type EMAIL",
        ),
        (
            {"identifier_type": "EXTERNALID", "identifier_values": [" ", "x" * 255, "a\0"]},
            "identifier_values has no valid",
        ),
        ({"match_alternate_emails": 1}, "match_alternate_emails must be true or false"),
        ({"match_alternate_emails": True, "identifier_type": "EXTERNALID"}, "match_alternate_emails is for"),
        ({"contact_ids": [AN_ID]}, "a request has either contact_ids or identifier_values, not both"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_with_a_request_by_identifiers_is_said_of_its_field(
    wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"^{message}"):
        parse(delete_by_identifiers(["ada@example.com"]) | wrong)


def test_the_order_of_identifiers_is_content_because_positions_refer_to_it() -> None:
    one, other = "ada@example.com", "bob@example.com"
    contents = [parse(delete_by_identifiers(values)).content for values in ([one, other], [other, one])]
    assert contents[0] != contents[1]
    assert parse(delete_by_identifiers([one.upper(), f" {other}"])).content == contents[0]


def test_no_identifier_is_shown() -> None:
    assert "ada" not in repr(parse(delete_by_identifiers(["ada@example.com"] * MAX_IDENTIFIERS)))
