"""What became of the identifiers by which a request names its contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation

# The state of one identifier, as it is stored.
FOUND = "f"
NOT_FOUND = "n"
ALTERNATE = "a"
INVALID = "i"
UNRESOLVED = "-"

MAX_POSITIONS_LISTED = 100


@dataclass(frozen=True)
class IdentifierCounts:
    """How many of a request's identifiers were found, and how many were not, for which reason.

    An alternate e-mail match is a contact that has the address beside another one, and was left alone. An invalid value
    is named by its position in the request, as far as they are listed.
    """

    found: int
    not_found: int
    alternate_email_matches: int
    invalid: int
    invalid_positions: tuple[int, ...] = ()

    @property
    def payload(self) -> dict[str, Any]:
        """The counts as JSON."""
        return vars(self) | {"invalid_positions": list(self.invalid_positions)}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Raises InvalidRequest."""
        names = ("found", "not_found", "alternate_email_matches", "invalid")
        given = validation.require_object(value, required=(*names, "invalid_positions"))
        positions = given["invalid_positions"]
        if not isinstance(positions, list) or len(positions) > MAX_POSITIONS_LISTED:
            raise InvalidRequest(
                f"invalid_positions must be a list of at most {MAX_POSITIONS_LISTED} positions"
            )
        return cls(
            **{name: validation.non_negative_int(given[name], name) for name in names},
            invalid_positions=tuple(
                validation.non_negative_int(position, "invalid_positions") for position in positions
            ),
        )


@dataclass(frozen=True)
class Resolution:
    """How far the identifiers of a request are resolved. It contains no identifier.

    `states` has a letter for each of them, in their order. `contact_ids` are the contacts found, each once.
    """

    states: str
    contact_ids: frozenset[str] = frozenset()

    @classmethod
    def none_of(cls, count: int) -> Self:
        """The resolution that so many identifiers begin with."""
        return cls(UNRESOLVED * count)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["states"], frozenset(stored["contact_ids"]))

    @property
    def stored(self) -> dict[str, Any]:
        """The resolution as JSON, for the ledger."""
        return {"states": self.states, "contact_ids": sorted(self.contact_ids)}

    @property
    def counts(self) -> IdentifierCounts:
        positions = [position for position, state in enumerate(self.states) if state == INVALID]
        return IdentifierCounts(
            self.states.count(FOUND),
            self.states.count(NOT_FOUND),
            self.states.count(ALTERNATE),
            len(positions),
            tuple(positions[:MAX_POSITIONS_LISTED]),
        )

    def with_those_of(self, other: "Resolution") -> "Resolution":
        """The resolution of two invocations with the same request."""
        pairs = zip(self.states, other.states, strict=True)
        states = (mine if mine != UNRESOLVED else theirs for mine, theirs in pairs)
        return Resolution("".join(states), self.contact_ids | other.contact_ids)
