"""Contacts are looked up a hundred at a time, and refused lookups are divided as long as that is worth it."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deadline import RESERVED_SECONDS, Deadline
from contact_deletion.errors import Deferred, RateLimited, SendGridRefused, SendGridUnavailable
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.existence import Existence, look_up

DEADLINE = Deadline(1e9, lambda: 0.0)


class Contacts:
    """Those with an even number exist; a call that names a bad one is refused."""

    def __init__(self, *bad: int) -> None:
        self._bad = {str(number) for number in bad}
        self.calls: list[Sequence[str]] = []

    def existing_contacts(self, contact_ids: Sequence[str], _: Deadline) -> frozenset[str]:
        self.calls.append(contact_ids)
        if not self._bad.isdisjoint(contact_ids):
            raise SendGridRefused("SendGrid responded with HTTP 400", status=400)
        return frozenset(contact for contact in contact_ids if int(contact) % 2 == 0)

    def look_up(self, number: int) -> Existence:
        named = (str(each) for each in [*range(number), *range(number)])
        return look_up(cast(SendGridClient, self), named, DEADLINE)


def even(number: int, *besides: int) -> set[str]:
    return {str(each) for each in range(0, number, 2) if each not in besides}


@given(st.integers(0, 350))
def test_each_contact_is_looked_up_once_in_as_few_calls_as_there_can_be(number: int) -> None:
    contacts = Contacts()
    existence = contacts.look_up(number)
    assert existence == Existence(found=even(number))
    assert len(contacts.calls) == -(-number // 100)


@given(st.integers(0, 249))
def test_one_bad_id_is_the_only_one_unchecked_and_costs_eight_refused_calls(bad: int) -> None:
    contacts = Contacts(bad)
    existence = contacts.look_up(250)

    assert existence == Existence(found=even(250, bad), unchecked={str(bad)}, unreadable={str(bad)})
    assert sum(str(bad) in call for call in contacts.calls) <= 8


@given(st.integers(0, 99), st.integers(0, 99))
def test_two_bad_ids_of_a_call_are_both_found(one: int, other: int) -> None:
    bad = {str(one), str(other)}

    existence = Contacts(one, other).look_up(300)

    assert existence == Existence(found=even(300, one, other), unchecked=bad, unreadable=bad)


def test_bad_ids_in_many_calls_cost_sixteen_divisions() -> None:
    bad = range(105, 1000, 100)
    contacts = Contacts(*bad)

    existence = contacts.look_up(1000)

    assert len(contacts.calls) == 10 + 2 * 16
    assert existence.unchecked > {str(number) for number in bad}
    assert existence.found == even(1000) - existence.unchecked


@pytest.mark.parametrize("error", [RateLimited("spent"), SendGridUnavailable("down")], ids=repr)
@pytest.mark.parametrize("seconds_left", [0.0, 100.0])
def test_parts_that_there_was_no_time_for_are_undivided(error: Deferred, seconds_left: float) -> None:
    class Interrupted(Contacts):
        def existing_contacts(self, contact_ids: Sequence[str], deadline: Deadline) -> frozenset[str]:
            if len(self.calls) == 3:
                raise error
            return super().existing_contacts(contact_ids, deadline)

    deadline = Deadline(RESERVED_SECONDS + seconds_left, lambda: 0.0)
    existence = look_up(cast(SendGridClient, Interrupted(1)), map(str, range(200)), deadline)

    late = {str(each) for each in range(100)}
    assert existence.errors.keys() == late
    assert existence.undivided == (late if isinstance(error, RateLimited) or not seconds_left else set())
    assert existence.out_of_time == existence.undivided


def test_a_call_that_there_was_no_time_for_is_whole() -> None:
    class Spent(Contacts):
        def existing_contacts(self, contact_ids: Sequence[str], deadline: Deadline) -> frozenset[str]:
            raise RateLimited("spent")

    existence = Spent().look_up(10)

    assert existence.out_of_time == {str(each) for each in range(10)}
    assert existence.undivided == set()


def test_contacts_that_are_looked_up_alone_all_are_however_many_are_refused() -> None:
    contacts = Contacts(*range(20))
    look_up(cast(SendGridClient, contacts), map(str, range(20)), DEADLINE, per_call=1)
    assert len(contacts.calls) == 20


@pytest.mark.parametrize("number", [1, 2, 100, 5000])
def test_where_everything_is_refused_eight_calls_say_so(number: int) -> None:
    contacts = Contacts(*range(number))
    existence = contacts.look_up(number)
    assert len(contacts.calls) == min(8, 2 * number - 1)
    assert existence.unchecked == {str(each) for each in range(number)}
    assert existence.unreadable == (existence.unchecked if number <= 2 else set())


def test_contact_whose_look_up_was_not_answered_raises_its_error() -> None:
    error: Any = SendGridUnavailable("SendGrid responded with HTTP 503")
    existence = Existence(errors={"1": error})
    existence.require(frozenset({"2"}))
    with pytest.raises(SendGridUnavailable, match="503"):
        existence.require(frozenset({"1", "2"}))
