from collections.abc import Iterator

import pytest

from contact_deletion.errors import Deferred, NotAccepted, Rejected, SendGridUnauthorized, SendGridUnavailable

REJECTED = {
    "InvalidRequest",
    "DeleteAllRefused",
    "DeleteAllUnconfirmed",
    "DeletionUntracked",
    "LastIdentifier",
    "ContactNotFound",
    "RequestConflict",
    "SendGridRefused",
    "BackupIncomplete",
    "ListResultUnreadable",
    "ListUnreadable",
}
DEFERRED = {
    "SendGridUnauthorized",
    "RateLimited",
    "SendGridUnavailable",
    "RequestInProgress",
    "LedgerUnavailable",
    "BucketUnavailable",
}


def _below(base: type[NotAccepted]) -> Iterator[type[NotAccepted]]:
    for kind in base.__subclasses__():
        if kind.__module__ == NotAccepted.__module__:
            yield kind
        yield from _below(kind)


every_kind = pytest.mark.parametrize("kind", [*_below(Rejected), *_below(Deferred)])


def test_the_codes_are_those_that_users_rely_on() -> None:
    assert {kind("x").code for kind in _below(Rejected)} == REJECTED
    assert {kind("x").code for kind in _below(Deferred)} == DEFERRED


@every_kind
def test_a_workflow_catches_the_code_and_reads_the_message_as_the_cause(kind: type[NotAccepted]) -> None:
    assert kind("x").code == kind.__name__
    assert str(kind("what was expected")) == "what was expected"


@every_kind
def test_shared_with_another_request_it_differs_only_in_the_jobs(kind: type[NotAccepted]) -> None:
    error = kind("what was expected", job_ids=["mine"])
    if isinstance(error, Deferred):
        error.retry_after = 12.5
    shared = error.with_jobs(["theirs"])
    assert type(shared) is kind
    assert vars(shared) == vars(error) | {"job_ids": ("theirs",)}
    assert shared.message == "what was expected"
    assert (kind("x").job_ids, error.job_ids) == ((), ("mine",))


@pytest.mark.parametrize("kind", [*_below(Deferred)])
def test_without_a_time_it_may_be_retried_at_once_unless_a_person_must_act(kind: type[Deferred]) -> None:
    assert kind("x").retry_after == (900 if kind is SendGridUnauthorized else 0)


def test_who_does_not_say_otherwise_may_have_been_received() -> None:
    assert SendGridUnavailable("x").maybe_received
