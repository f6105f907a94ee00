"""The outcome of a request, from those of its contacts."""

import pytest

from contact_deletion.deletion.progress import MAX_NAMED, Progress
from contact_deletion.errors import SendGridRefused
from contact_deletion.outcomes import START
from contact_deletion.requests.bulk_deletion import BulkDelete
from tests.support.events import contact_id


@pytest.mark.parametrize(
    ("refused", "more"), [(1, ""), (MAX_NAMED, ""), (MAX_NAMED + 1, " and 1 more")], ids=str
)
def test_a_refusal_names_the_first_hundred_contacts_and_counts_the_others(refused: int, more: str) -> None:
    ids = tuple(contact_id(number) for number in range(refused))
    progress = Progress(consistency_window_seconds=0)
    progress.fail(ids, SendGridRefused("no", status=400))

    outcome, checkpoint = progress.of(BulkDelete(ids), ids, START, now=7.0)

    assert isinstance(outcome, SendGridRefused)
    assert outcome.message == f"no (contact IDs {', '.join(ids[:MAX_NAMED])}{more})"
    assert outcome.status == 400
    assert (checkpoint.refused, checkpoint.refused_at) == (frozenset(ids), 7.0)
