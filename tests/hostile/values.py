"""What an attacker, or a broken producer, would write where something else belongs."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.events import contact_id

# In every text, so that an error which holds it holds a value that was given.
PLANTED = "planted7@value"

UUID = contact_id(7)

# Each has something in it that no id has.
_NASTY = [
    *(",", "&", "&delete_all_contacts=true", "%", "%2C", "%26delete_all_contacts%3Dtrue", "%00", "?", "#"),
    ";",
    *("../", "/", "\\", "//other.example.com/", "@other.example.com", "http://other.example.com"),
    *("\n", "\r\n\r\nDELETE /v3/marketing/contacts HTTP/1.1\r\n", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028"),
    *("\uff11", "\u0430", "\u0660", "\u200b", "\u202e", "\ufeff", "\u212a", "\U0001d7d8", "\ud800", "\udfff"),
    *("{}", "[]", '"', "'", "<", "${x}", "$.x", "{{x}}", "x" * 10_000, "\u00e9" * 10_000),
]

texts = st.builds(
    lambda nasty, others: "".join([PLANTED, *others, nasty, *others]),
    st.sampled_from(_NASTY),
    st.lists(st.sampled_from([*_NASTY, UUID]), max_size=2),
)

# Nearly a contact's id, or more than one.
LOOK_ALIKES = [
    UUID.replace("7", "\uff17"),  # a fullwidth digit
    UUID.replace("0", "\u0660", 1),
    UUID.replace("-", "\u2010", 1),
    UUID[:-1] + "\u0430",  # Cyrillic
    UUID + "\n",
    UUID + "\0",
    UUID + " ",
    "\ufeff" + UUID,
    "{" + UUID + "}",
    f"{UUID},{contact_id(8)}",
    f"{UUID}%2C{contact_id(8)}",
]


def nested(depth: int) -> Any:
    """Lists in lists; more than these a JSON parser does not give, and far fewer than `repr` can show."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


WRONG_TYPES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "a negative number": -1,
    "a number of 4300 digits": 10**4300 - 1,
    "a fraction": 1.5,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "an empty text": "",
    "a very long text": PLANTED * 80_000,
    "an empty list": [],
    "an empty object": {},
    "nested lists": nested(900),
    "a text in a list": [PLANTED],
    "an object with a text": {PLANTED: PLANTED},
    "a list of everything": [None, True, 7, 1.5, PLANTED, [PLANTED], {PLANTED: PLANTED}],
    "10,001 ids": [UUID] * 10_001,
}

values = st.one_of(
    texts,
    texts,
    st.sampled_from(LOOK_ALIKES),
    st.sampled_from(sorted(WRONG_TYPES)).map(lambda name: WRONG_TYPES[name]),
)

_MORE = int(os.environ.get("HOSTILE_EXAMPLES", "0"))


def fuzz(examples: int) -> settings:
    """The same examples at every run; HOSTILE_EXAMPLES draws so many new ones, and a failure names its own."""
    return settings(
        derandomize=not _MORE,
        database=None,
        max_examples=_MORE or examples,
        print_blob=True,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )
