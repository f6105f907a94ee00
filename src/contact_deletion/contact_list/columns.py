"""The kinds of columns by which a list names its contacts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from string import whitespace

from contact_deletion.errors import InvalidRequest, ListUnreadable
from contact_deletion.requests import validation
from contact_deletion.requests.identifiers import CONTACT_FIELDS, IdentifierType, canonical, may_exist

# In place of bytes that are not valid in the encoding.
_UNDECODED = "\ufffd"

# White space around a value.
BLANKS = whitespace + "\xa0\ufeff"


@dataclass(frozen=True)
class ColumnKind:
    """`names` are the usual names of such a column, the preferred one first, in lower case; `value` is the name of a
    value in messages. `read` returns a value in its canonical form, or None where it is not valid. `is_distinct` is
    false where any text may be a value, even the name of a column.
    """

    names: tuple[str, ...]
    value: str
    read: Callable[[str], bytes | None]
    is_distinct: bool = True

    def index(self, header: Sequence[str], name: str | None) -> int | None:
        """The position of the column with this name, or else a usual one, or None. Case matters only between two.

        Raises ListUnreadable where there are two.
        """
        for wanted in (name,) if name else self.names:
            same = [index for index, field in enumerate(header) if field == wanted]
            same = same or [i for i, field in enumerate(header) if field.casefold() == wanted.casefold()]
            if len(same) > 1:
                raise ListUnreadable(f"the list has {len(same)} columns with the name of the ID column")
            if same:
                return same[0]
        return None


def _contact_id(text: str) -> bytes | None:
    try:
        return bytes.fromhex(validation.contact_id(text, "").replace("-", ""))
    except InvalidRequest:
        return None


def _identifier(identifier_type: IdentifierType, text: str) -> bytes | None:
    is_valid = may_exist(identifier_type, text) and _UNDECODED not in text
    return canonical(identifier_type, text).encode() if is_valid else None


# Its values are 16 bytes.
CONTACT_ID = ColumnKind(("contact_id", "id"), "contact ID", _contact_id)

IDENTIFIERS = {
    identifier_type: ColumnKind(
        (CONTACT_FIELDS[identifier_type],),
        value,
        partial(_identifier, identifier_type),
        is_distinct=identifier_type is IdentifierType.EMAIL,
    )
    for identifier_type, value in {
        IdentifierType.EMAIL: "e-mail address",
        IdentifierType.EXTERNALID: "external ID",
        IdentifierType.PHONENUMBERID: "phone number ID",
        IdentifierType.ANONYMOUSID: "anonymous ID",
    }.items()
}
