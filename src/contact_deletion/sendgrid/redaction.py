"""Removes personal data from SendGrid's error messages."""

import re
from collections.abc import Iterable

MASK = "***"
MAX_LENGTH = 200

_UNPRINTABLE = re.compile(r"[^ -~]")

# E-mail addresses have an @, phone numbers and most ids a digit, keys and tokens are long.
_REVEALING_WORD = re.compile(r"\S*[@\d]\S*|\S{25,}")


def redact(text: str, known_values: Iterable[str] = ()) -> str:
    """Masks every word of `text` that may be personal or secret, and truncates it to 200 printable ASCII characters.

    A text that contains one of `known_values` (the request's own identifier), in any case, is masked as a whole.
    """
    printable = _UNPRINTABLE.sub("?", " ".join(text.split()))
    masked = _REVEALING_WORD.sub(MASK, printable)[:MAX_LENGTH]
    seen = (text.casefold(), masked.casefold())
    known = [value.casefold() for value in known_values]
    return MASK if any(value in form for value in known for form in seen) else masked
