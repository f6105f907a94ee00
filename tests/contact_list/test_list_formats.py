"""The formats of lists, through the handler of PrepareListFunction."""

import gzip
import io
import json
import random
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contact_deletion.contact_list import formats
from contact_deletion.errors import ListUnreadable
from tests.contact_list.support import PreparedLists
from tests.support.events import contact_id
from tests.support.sample_events import LISTS
from tests.support.sample_lists import ADDRESSES, PLAIN, files, table

ID = contact_id(7)
SAMPLES = files()


def test_samples_are_as_they_are_generated() -> None:
    assert {path.name: path.read_bytes() for path in LISTS.iterdir()} == SAMPLES


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != ADDRESSES])
def test_every_format_gives_the_plan_of_plain_csv(lists: PreparedLists, name: str) -> None:
    lists.put(SAMPLES[PLAIN])
    plain = lists.prepare(), lists.contacts(), [reason for _, reason in lists.rejected()]
    lists.put(SAMPLES[name])

    assert (lists.prepare(), lists.contacts(), [reason for _, reason in lists.rejected()]) == plain
    assert plain[0]["rows"] == 5
    assert plain[0]["contacts"] == 3


@pytest.mark.parametrize(
    ("content", "rejected"),
    [
        (f"id\n {ID} \n\ufeff{ID}\xa0\n", []),
        (f"id,external\n{contact_id(1)},{ID}\n", []),
        (f"contact_id,id\n{ID},{contact_id(1)}\n", []),
        (f"Id,ID\n,{ID}\n", None),
        (f"name,id\nAda,{ID},\nAda\nAda,{ID},x\nAda,\n", [(3, "no"), (4, "more"), (5, "no")]),
        (f"{ID},\n{ID}\n{ID},x\n", [(3, "more")]),
        (
            f'{{"x": 1}}\n{{"ID": "{ID}"}}\n{{"ID": null}}\n{{"ID": 7}}\n{{"ID": "x"}}\n[]\n\n',
            [1, 3, 4, 5, 6],
        ),
        ('{"id": "' + ID + '"}\n{"id": ' + "[" * 9_999 + "\n", [2]),
        ('{"id": ""}\n{"id": " "}\n{"id": " ' + ID + '\\n"}\n\u3000\n', [(1, "no"), (2, "no"), (4, "not")]),
        ('\n {"id": "' + ID + '"}\n', []),
        ('\ufeff\ufeff{"id": "' + ID + '"}\n', []),
        (f"id,note\n,x\n\u3000{ID}\n", [(2, "no"), (3, "not")]),
        ('{"id": "\u3000' + ID + '"}\n', [(1, "not")]),
        (f"id,x,y;id\n{ID},1,2;3\n", []),
        (f"name\tID\nA;B,C\t{ID}\n", []),
        (f'"a";"contact_id"\n"1,5";"{ID}"\n', []),
    ],
)
def test_rows_are_accepted_or_rejected(
    lists: PreparedLists, content: str, rejected: list[object] | None
) -> None:
    lists.put(content)
    if rejected is None:
        with pytest.raises(ListUnreadable, match="2 columns with the name of the ID column"):
            lists.prepare()
        return

    plan = lists.prepare()

    found = [
        (row, reason.split()[0]) if isinstance(rejected[i], tuple) else row
        for i, (row, reason) in enumerate(lists.rejected())
    ]
    assert found == rejected
    assert plan["rejected_rows"] == len(rejected)


@pytest.mark.parametrize("name", ["Key", "key", " Key"])
def test_a_column_can_be_named(lists: PreparedLists, name: str) -> None:
    lists.put(f"contact_id,Key\n{contact_id(1)},{ID}\n")

    lists.prepare(id_column=name.strip())

    assert lists.contacts() == [ID]


def test_the_case_of_a_named_column_decides_between_two(lists: PreparedLists) -> None:
    lists.put(f"Key,key\n{contact_id(1)},{ID}\n")

    lists.prepare(id_column="key")

    assert lists.contacts() == [ID]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_other_columns_can_have_line_ends(lists: PreparedLists, end: str) -> None:
    header = f'"name{end}of the contact",id'
    lists.put(end.join([header, f'"Ada{end}Lovelace",{ID}', header, "Jane,7", ""]))

    lists.prepare()

    assert (lists.contacts(), lists.rejected()) == ([ID], [(4, "not a valid contact ID")])


def test_a_named_column_has_contact_ids_whatever_other_columns_there_are(lists: PreparedLists) -> None:
    lists.put(f"email,Key\nada@example.com,{ID}\n")

    lists.prepare(id_column="Key")

    assert lists.contacts() == [ID]


def test_bytes_that_are_not_valid_in_the_encoding_do_no_harm_in_other_columns(lists: PreparedLists) -> None:
    lists.put(f"name,id\nJos\xe9,{ID}\n".encode("latin-1"))

    lists.prepare()

    assert lists.contacts() == [ID]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("row", ["{}", '{{"id": "{}"}}'], ids=["CSV", "JSON"])
def test_a_file_is_read_beyond_its_first_chunk(lists: PreparedLists, row: str, compressed: bool) -> None:
    there = [contact_id(number) for number in range(9_000)]
    content = "\n".join(row.format(each) for each in there).encode()
    lists.put(gzip.compress(content) if compressed else content)

    lists.prepare()

    assert lists.contacts() == there


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_is_found_where_compression_cuts_through_its_mark(
    lists: PreparedLists, encoding: str
) -> None:
    content = f"name,id\nJosé,{ID}\n".encode(encoding)
    lists.put(b"".join(gzip.compress(bytes([byte])) for byte in content))

    lists.prepare()

    assert lists.contacts() == [ID]


def workbook() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    return content.getvalue()


PERSON = "jane@example.com"
PACKED = gzip.compress(random.Random(0).randbytes(100_000))
UNREADABLE = {
    "empty": (b"", "is empty"),
    "blank": (b"\xef\xbb\xbf\r\n \n", "is empty"),
    "xlsx": (workbook(), r"Excel workbook \(.xlsx\)"),
    "packed xlsx": (gzip.compress(workbook()), r"Excel workbook \(.xlsx\)"),
    "packed twice": (gzip.compress(PACKED), "compressed twice"),
    "cut off": (PACKED[:50_000], "compression is broken, or the file is cut off"),
    "garbled": (PACKED[:50_000] + PACKED[60_000:], "compression is broken, or the file is cut off"),
    "only magic": (b"\x1f\x8b", "compression is broken, or the file is cut off"),
    "trailing garbage": (gzip.compress(b"id\n") + b"xyz", "compression is broken, or the file is cut off"),
    "UTF-16 without a mark": (f"id\n{ID}\n".encode("utf-16-le"), "not text in UTF-8, or in UTF-16"),
    "UTF-32": (f"id\n{ID}\n".encode("utf-32"), "UTF-32"),
    "array": (json.dumps([ID]).encode(), "JSON array"),
    "no column": (
        f"address;name\n{PERSON};x\n".encode(),
        "external_id or phone_number_id or anonymous_id: its first row has 2 fields, separated by semicolons",
    ),
    "addresses": (f"{PERSON}\n".encode(), "no column contact_id or id or email or"),
    "no header": (f"{PERSON},{ID}\n".encode(), "no header"),
    "no header before an ID": (f"{ID},{PERSON}\n".encode(), "no header"),
    "no field": (json.dumps({"address": PERSON}).encode(), "JSON Lines, and its first lines have no field"),
    "open quote": (f'id,name\n{ID},"x\n{ID},y\n'.encode(), "quotes in or before line 3"),
    "stray quote": (f'id,name\n{ID},"x" y\n'.encode(), "quotes in or before line 2"),
    "long field": (f"id,name\n{ID},{'x' * 200_000}\n".encode(), "a field there is too long"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_of_another_format_is_named(lists: PreparedLists, case: str) -> None:
    content, message = UNREADABLE[case]
    lists.put(content)

    with pytest.raises(ListUnreadable, match=message) as error:
        lists.prepare()

    assert PERSON not in str(error.value)
    assert (
        lists.bucket.s3.list_objects_v2(Bucket=lists.bucket.name, Prefix="results/").get("Contents") is None
    )


def test_a_column_that_is_not_there_is_not_guessed(lists: PreparedLists) -> None:
    for content in (f"{ID}\n", f"contact_id\n{ID}\n", json.dumps({"id": ID})):
        lists.put(content)
        with pytest.raises(ListUnreadable, match="with the name in id_column"):
            lists.prepare(id_column="key")


def test_a_line_without_end_is_not_read_into_memory(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_MAX_LINE", 100)
    lists.put(json.dumps({"id": ID, "x": "x" * 100}))

    with pytest.raises(ListUnreadable, match="a line of 100 characters or more"):
        lists.prepare()


# Fields around the ID: everything that has a meaning in one of the formats.
OTHER = st.text(st.sampled_from("ab0é€😀 ,;\t\"'\n\r{}[]:\\\u2028\xa0"), max_size=6)
GOOD = [contact_id(number) for number in range(16)]
BAD = ["x", "jane@example.com", ID[:-1], f"{ID}0", ID.replace("-", ""), f"{{{ID}}}", "null"]


@st.composite
def lists_of_rows(draw: st.DrawFn) -> tuple[bytes, str | None, list[str], int]:
    """A file, the name of its column if it must be given, its valid IDs, and how many rows are bad."""
    ids = draw(st.lists(st.sampled_from([*GOOD, *map(str.upper, GOOD), *BAD]), max_size=12))
    valid = [each.lower() for each in ids if each.lower() in GOOD]
    named = draw(st.sampled_from([None, "Schlüssel", "e-mail, or ID"]))
    column = named or draw(st.sampled_from(["contact_id", "CONTACT_ID", "Contact_Id", "id", "ID"]))
    kind = draw(st.sampled_from(["csv", "jsonl", "plain"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    blank = draw(st.sampled_from(["", end, f" {end}"]))
    if kind == "jsonl":
        objects = [{"a": draw(OTHER), column: each} for each in ids]
        texts = [
            json.dumps(each, ensure_ascii=draw(st.booleans())) + end + blank
            for each in [{column: ID}, *objects]
        ]
        valid.append(ID)
    elif kind == "plain":
        named, texts = None, [f"{each}{end}{blank}" for each in [ID, *ids]]
        valid.append(ID)
    else:
        place = draw(st.integers(0, 2))
        names = ["Näme", "note; or,\tnot"]
        names.insert(place, column)
        separator = draw(st.sampled_from([",", ";", "\t"]))
        quotes_all = draw(st.booleans())
        rows = [[draw(OTHER), draw(OTHER)] for _ in ids]
        for row, each in zip(rows, ids, strict=True):
            row.insert(place, each)
        texts = [table([row], separator, end, quotes_all=quotes_all) + blank for row in [names, *rows]]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]))
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    members = [texts]
    packed = draw(st.booleans())
    if packed and kind == "csv":
        cut = draw(st.integers(1, len(texts)))
        members = [texts[:cut], [texts[0], *texts[cut:]]]
    parts = [(mark + "".join(member)).encode(encoding) for member in members]
    content = b"".join(gzip.compress(part) for part in parts) if packed else parts[0]
    return content, named, valid, len(ids) + (kind != "csv") - len(valid)


@given(lists_of_rows())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_list_is_misread(lists: PreparedLists, drawn: tuple[bytes, str | None, list[str], int]) -> None:
    content, named, valid, bad = drawn
    lists.put(content)

    plan = lists.prepare(id_column=named)

    assert lists.contacts() == sorted(set(valid))
    assert (plan["rejected_rows"], len(lists.rejected())) == (bad, bad)
    assert plan["rows"] == len(valid) + bad
    assert plan["duplicates"] == len(valid) - len(set(valid))
