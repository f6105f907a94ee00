"""What hypothesis draws from."""

from typing import Any

from hypothesis import strategies as st

# Control characters and lone surrogates too, since JSON can spell them.
any_text = st.text(st.characters(exclude_categories=()) | st.characters(categories=["Cc", "Cs"]), max_size=40)

# No field's name has what it has, so that a message which holds it holds a value that was given.
PLANTED = "planted7value@example.com"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.just(PLANTED),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(any_text, children, max_size=4),
    max_leaves=12,
)

uuid_texts = st.uuids().map(str)

# In either case, as producers may write them.
contact_ids = st.builds(lambda text, upper: text.upper() if upper else text, uuid_texts, st.booleans())


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A field that is usually as it should be, and otherwise anything."""
    return st.one_of(usual, usual, usual, json_values, st.just(PLANTED))


def requests_with(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Payloads near a valid request: any field absent, wrong or joined by others."""
    usual = {name: mostly(values) for name, values in fields.items()}
    envelope = {
        "request_id": mostly(st.from_regex("[A-Za-z0-9_.:-]{1,20}", fullmatch=True)),
        "task_token": mostly(st.from_regex("[!-~]{1,60}", fullmatch=True)),
        "unknown_field": json_values,
    }
    complete = st.fixed_dictionaries(usual, optional=envelope)
    partial = st.fixed_dictionaries({}, optional={**usual, **envelope})
    return st.one_of(complete, complete, partial, json_values)
