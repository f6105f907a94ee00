import json

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.ledger.batch_progress import NO_PROGRESS, StoredProgress, from_bitmap, to_bitmap
from contact_deletion.outcomes import Checkpoint
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.requests.resolution import Resolution
from tests.support.events import contact_id

IDS = [contact_id(number) for number in range(70)]


@given(st.integers(0, 70).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.sampled_from(IDS)))))
def test_a_bitmap_says_which_ids_are_members(given_ids: tuple[int, set[str]]) -> None:
    count, members = given_ids
    assert from_bitmap(to_bitmap(members, IDS[:count]), IDS[:count]) == members & set(IDS[:count])


def test_the_format_of_a_bitmap_stays() -> None:
    """Records outlive a deployment by 15 days: the first ID is the lowest bit of the first byte."""
    assert to_bitmap([IDS[0], IDS[9]], IDS[:10]) == "AQI="
    assert to_bitmap([IDS[0]], IDS[:8]) == "AQ==", "no byte more than it takes"


def test_an_empty_bitmap_has_no_members() -> None:
    assert from_bitmap("", IDS) == frozenset()


@given(st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)))
def test_progress_is_read_as_it_was_recorded(done: set[str], refused: set[str]) -> None:
    request = BulkDelete(tuple(IDS))
    checkpoint = Checkpoint(frozenset(done), frozenset(refused), refused_at=7.0 if refused else 0.0)

    record = json.dumps(StoredProgress(("job-1",), checkpoint).record(request))

    read = StoredProgress.of(DataRecord("key", status="INPROGRESS", response_data=record), request)
    assert read == StoredProgress(("job-1",), checkpoint, data=record)


def test_what_two_invocations_have_done_is_put_together_on_top_of_the_later_record() -> None:
    mine = StoredProgress(
        ("a", "b"), Checkpoint(frozenset(IDS[:2]), frozenset(IDS[5:6]), refused_at=7.0), "as I read it"
    )
    other = StoredProgress(
        ("b", "c"), Checkpoint(frozenset(IDS[1:3]), frozenset(IDS[6:7]), refused_at=8.0), "as it is"
    )

    everything = Checkpoint(frozenset(IDS[:3]), frozenset(IDS[5:7]), refused_at=8.0)
    assert mine.with_those_of(other) == StoredProgress(("b", "c", "a"), everything, "as it is")


def test_what_either_invocation_has_resolved_is_resolved() -> None:
    mine = StoredProgress(checkpoint=Checkpoint(resolution=Resolution("fn--", frozenset(IDS[:1]))))
    other = StoredProgress(checkpoint=Checkpoint(resolution=Resolution("-ff-", frozenset(IDS[1:3]))))
    both = mine.with_those_of(other).checkpoint.resolution
    assert both == Resolution("fnf-", frozenset(IDS[:3]))


def test_without_a_record_there_is_no_progress() -> None:
    assert StoredProgress() == NO_PROGRESS
    assert (NO_PROGRESS.job_ids, NO_PROGRESS.data) == ((), "")
    assert Checkpoint(frozenset(), frozenset(), refused_at=0.0) == NO_PROGRESS.checkpoint
