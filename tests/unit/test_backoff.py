from hypothesis import given
from hypothesis import strategies as st

from contact_deletion import errors
from contact_deletion.errors import Deferred, RequestInProgress, SendGridUnavailable
from contact_deletion.responses.backoff import LEAST_JITTER, MAX_SECONDS, visibility_timeout
from local.aws.template import TEMPLATE, load_template

# The latter is SQS's limit.
LONGEST_OUTAGE_SECONDS = LONGEST_VISIBILITY_TIMEOUT = 12 * 60 * 60

# Seconds: a request in progress elsewhere ends soon.
LONGER_THAN_A_CLAIM = 60

receive_counts = st.integers(1, 100_000)
waits = st.floats(0, 1_000)
deferrals = st.sampled_from(
    [errors.RateLimited, errors.SendGridUnauthorized, SendGridUnavailable, errors.LedgerUnavailable]
)


jitters = st.floats(LEAST_JITTER, 1)


@given(deferrals | st.just(RequestInProgress), waits, receive_counts, jitters)
def test_no_message_comes_back_before_its_retry_after(
    kind: type[Deferred], wait: float, receive_count: int, jitter: float
) -> None:
    seconds = visibility_timeout(kind("later", retry_after=wait), receive_count, jitter)
    assert wait <= seconds <= LONGEST_VISIBILITY_TIMEOUT


@given(deferrals, receive_counts, jitters)
def test_the_delay_has_a_cap_is_never_nothing_and_never_shrinks(
    kind: type[Deferred], receive_count: int, jitter: float
) -> None:
    now, then = (
        visibility_timeout(kind("later"), count, jitter) for count in (receive_count, receive_count + 1)
    )
    assert 1 <= now <= then <= MAX_SECONDS


def test_the_delay_doubles_until_the_cap() -> None:
    delays = [visibility_timeout(SendGridUnavailable("later"), count, 1.0) for count in range(1, 9)]
    assert delays == [30, 60, 120, 240, 480, 900, 900, 900]


@given(receive_counts)
def test_jitter_spreads_over_half_of_the_delay(receive_count: int) -> None:
    early, late = (
        visibility_timeout(SendGridUnavailable("later"), receive_count, at) for at in (LEAST_JITTER, 1.0)
    )
    assert early == late / 2


@given(receive_counts)
def test_a_request_in_progress_comes_back_soon(receive_count: int) -> None:
    assert visibility_timeout(RequestInProgress("elsewhere"), receive_count, 1.0) <= LONGER_THAN_A_CLAIM


def receives_by_queue() -> dict[str, int]:
    """How often each of the template's queues hands out a message before it becomes a dead letter."""
    queues = load_template(TEMPLATE).of_type("AWS::SQS::Queue")
    return {
        name: int(properties["RedrivePolicy"]["maxReceiveCount"])
        for name, properties in queues.items()
        if "RedrivePolicy" in properties
    }


def test_every_queues_receives_outlast_half_a_day_of_outage() -> None:
    lasting = {
        queue: sum(
            visibility_timeout(SendGridUnavailable("later"), count, LEAST_JITTER)
            for count in range(1, receives)
        )
        for queue, receives in receives_by_queue().items()
    }
    assert lasting.keys() >= {"BulkDeleteQueue", "DeleteAllQueue", "RemoveIdentifierQueue"}
    assert min(lasting.values()) > LONGEST_OUTAGE_SECONDS
