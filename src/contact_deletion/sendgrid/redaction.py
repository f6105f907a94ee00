"""Keeps personal data out of what SendGrid's error messages say."""

import re
from collections.abc import Iterable

MASK = "***"
MAX_LENGTH = 200

_UNPRINTABLE = re.compile(r"[^ -~]")

_TELLING_WORD = re.compile(r"\S*[@\d]\S*|\S{25,}")
"""E-mail addresses have an @, phone numbers and most ids a digit, keys and tokens are long."""


def redact(text: str, known_values: Iterable[str] = ()) -> str:
    """`text` in printable ASCII with every word that may be personal or secret masked, cut to 200 characters.

    Where it contains one of `known_values` (the request's own identifier) in any case, nothing of it is kept.
    """
    printable = _UNPRINTABLE.sub("?", " ".join(text.split()))
    masked = _TELLING_WORD.sub(MASK, printable)[:MAX_LENGTH]
    seen = (text.casefold(), masked.casefold())
    known = [value.casefold() for value in known_values]
    return MASK if any(value in form for value in known for form in seen) else masked
