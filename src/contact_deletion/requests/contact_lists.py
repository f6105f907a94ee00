"""A request to summarize the results of a list."""

from typing import NamedTuple

from contact_deletion.requests import validation

_NUMBERS = ("contacts", "duplicates", "rejected_rows", "not_found", "alternate_email_matches")


class Plan(NamedTuple):
    """How many rows of a list are a contact's first, a duplicate of one, rejected, an identifier that no contact has,
    or an address that a contact has as an alternate one.
    """

    contacts: int
    duplicates: int
    rejected_rows: int
    not_found: int
    alternate_email_matches: int


class ListSummaryRequest(NamedTuple):
    """A request for the summary of a list: the `folder` of its results, and its plan."""

    folder: str
    plan: Plan


def parse(payload: object) -> ListSummaryRequest:
    """Raises InvalidRequest. The plan has other fields, too, which the summary does not need."""
    given = validation.require_object(payload, required=("folder", "plan"))
    with validation.error_prefix("plan"):
        plan = given["plan"]
        optional = plan.keys() if isinstance(plan, dict) else ()
        fields = validation.require_object(plan, required=_NUMBERS, optional=optional)
        numbers = {name: validation.non_negative_int(fields[name], name) for name in _NUMBERS}
    return ListSummaryRequest(validation.folder(given["folder"], "folder"), Plan(**numbers))
