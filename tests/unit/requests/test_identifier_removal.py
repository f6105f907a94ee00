import pytest

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests.identifier_removal import parse
from tests.support.events import contact_id, remove_identifier

AN_ID = "0123ABCD-0000-4000-8000-00000000000F"


@pytest.mark.parametrize(
    "bad", ["email", "EMAIL ", "PHONE", "", None, 1, True, ["EMAIL"], {"EMAIL": 1}], ids=repr
)
def test_any_other_type_is_invalid_and_the_four_are_named(bad: object) -> None:
    expected = "^identifier_type must be one of EMAIL, PHONENUMBERID, EXTERNALID, ANONYMOUSID$"
    with pytest.raises(InvalidRequest, match=expected):
        parse(remove_identifier(AN_ID, "EMAIL", "x") | {"identifier_type": bad})


@pytest.mark.parametrize(
    "bad", ["", "x", AN_ID + "/..", AN_ID + "\n", f"{AN_ID},{AN_ID}", 1, None, [AN_ID]], ids=repr
)
def test_a_bad_contact_id_is_invalid(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^contact_id must be a contact id in UUID form$"):
        parse(remove_identifier(AN_ID, "EMAIL", "x") | {"contact_id": bad})


@pytest.mark.parametrize(
    "value", ["x", " ", "A@Example.com", "+15555550100", "žluťoučký", "😀", "x" * 254], ids=repr
)
def test_a_value_is_kept_as_given_and_the_contact_id_becomes_lower_case(value: str) -> None:
    request = parse(remove_identifier(AN_ID, "EXTERNALID", value))
    assert (request.identifier_value, request.contact_id) == (value, AN_ID.lower())


@pytest.mark.parametrize("bad", ["", "x" * 255, "a\nb", "a\x00", "\x7f", "\ud800", 1, None, ["x"]], ids=repr)
def test_a_bad_value_is_invalid(bad: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^identifier_value must be text of 1 to 254 characters"):
        parse(remove_identifier(AN_ID, "EXTERNALID", "x") | {"identifier_value": bad})


def test_the_value_is_never_shown() -> None:
    assert "jane" not in repr(parse(remove_identifier(AN_ID, "EMAIL", "jane@example.com")))


@pytest.mark.parametrize(
    "other",
    [(contact_id(2), "EXTERNALID", "x"), (AN_ID, "ANONYMOUSID", "x"), (AN_ID, "EXTERNALID", "X")],
    ids=["contact", "type", "value"],
)
def test_whatever_differs_makes_another_content(other: tuple[str, str, str]) -> None:
    one = parse(remove_identifier(AN_ID, "EXTERNALID", "x"))
    assert one.content != parse(remove_identifier(*other)).content


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("EMAIL", "Ada@Example.com", " ada@example.COM\u2003", True),
        ("EMAIL", "ada@example.com", "a da@example.com", False),
        ("EMAIL", "+ada@example.com", "ada@example.com", False),
        ("EMAIL", "Jose\u0301@example.com", "jos\u00e9@example.com", True),
        ("PHONENUMBERID", " +15555550100", "15555550100", True),
        ("PHONENUMBERID", "++15555550100", "15555550100", False),
        ("PHONENUMBERID", "1 5555550100", "15555550100", False),
        ("EXTERNALID", " +X ", "+X", True),
        ("EXTERNALID", "+X", "X", False),
        ("ANONYMOUSID", "X", "x", False),
    ],
)
def test_spellings_that_mean_same_have_same_content(kind: str, one: str, other: str, same: bool) -> None:
    contents = [parse(remove_identifier(AN_ID, kind, value)).content for value in (one, other)]
    assert (contents[0] == contents[1]) is same
