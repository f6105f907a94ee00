"""The lower bounds that no program can beat."""

import math

from contact_deletion.deletion.packing import TARGET_BUDGET
from contact_deletion.sendgrid.client import IDS_SEPARATOR
from local.sendgrid_double import RateLimit

# As many as the budget of a request target has room for.
IDS_PER_CALL = (TARGET_BUDGET - len("/v3/marketing/contacts?ids=") + len(IDS_SEPARATOR)) // (
    36 + len(IDS_SEPARATOR)
)


def fewest_calls(contacts: int) -> int:
    return math.ceil(contacts / IDS_PER_CALL)


def floor_seconds(calls: int, limit: RateLimit, latency: float) -> float:
    """Until the last 202, when every window is spent the moment it opens, by as many calls at once as it allows.

    The response to the first call opens the first window. The rounding of its end to whole seconds is left out.
    """
    return latency + (calls - 1) // limit.limit * limit.window_seconds
