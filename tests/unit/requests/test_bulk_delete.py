import re

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
    expected: list[str] = []
    for value in repeated:
        if value.lower() not in expected:
            expected.append(value.lower())
    assert list(parse({"contact_ids": repeated}).contact_ids) == expected


@given(st.lists(strategies.contact_ids, min_size=1, max_size=20), st.randoms())
def test_the_same_ids_in_any_order_and_case_are_the_same_content(ids: list[str], random: object) -> None:
    shuffled = [value.swapcase() for value in ids]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert parse({"contact_ids": shuffled}).content == parse({"contact_ids": ids}).content


@given(st.lists(strategies.mostly(strategies.contact_ids), max_size=5))
def test_every_id_that_passes_has_the_form_of_a_contact_id(ids: list[object]) -> None:
    try:
        request = parse({"contact_ids": ids})
    except InvalidRequest:
        return
    assert request.contact_ids
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in request.contact_ids)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param("true", id="a word"),
        pytest.param(AN_ID + " ", id="trailing space"),
        pytest.param(AN_ID + "\n", id="trailing newline"),
        pytest.param(f"{AN_ID},{contact_id(2)}", id="two in one"),
        pytest.param(f"[{AN_ID}]", id="brackets"),
        pytest.param(f"{{{AN_ID}}}", id="braces"),
        pytest.param(AN_ID.replace("-", ""), id="no hyphens"),
        pytest.param(AN_ID + "&delete_all_contacts=true", id="a query parameter"),
        pytest.param(AN_ID[:-1] + "٣", id="an Arabic digit"),
        pytest.param(AN_ID[:-1] + "g", id="not hexadecimal"),
        pytest.param("YUBleGFtcGxlLmNvbQ==", id="a legacy recipient id"),
        pytest.param(7, id="number"),
        pytest.param(None, id="null"),
        pytest.param([AN_ID], id="list"),
    ],
)
def test_a_bad_id_is_named_by_its_place(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^contact_ids\[1\] must be a contact id in UUID form$"):
        parse({"contact_ids": [AN_ID, bad]})


@pytest.mark.parametrize("bad", [None, "", AN_ID, {}, {AN_ID: 1}, 3, []], ids=repr)
def test_ids_are_a_list_that_is_not_empty(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^contact_ids must be a list of 1 to 10000"):
        parse({"contact_ids": bad})


def test_as_many_ids_as_allowed_are_valid() -> None:
    ids = [contact_id(number) for number in range(MAX_CONTACT_IDS)]
    assert len(parse({"contact_ids": ids}).contact_ids) == MAX_CONTACT_IDS


def test_one_more_id_than_allowed_is_invalid() -> None:
    ids = [contact_id(number) for number in range(MAX_CONTACT_IDS + 1)]
    with pytest.raises(InvalidRequest, match=r"^contact_ids must be"):
        parse({"contact_ids": ids})
