import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests.bulk_deletion import MAX_CONTACT_IDS, parse
from tests.support.events import contact_id
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
