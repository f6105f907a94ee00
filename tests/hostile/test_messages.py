"""Hostile messages of a queue: each becomes a dead letter with its code, and spoils none beside it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulation.queue_functions import QUEUES
from tests.hostile.functions import Functions, places, with_value
from tests.hostile.values import PLANTED, fuzz, texts
from tests.support.events import contact_id, sqs_record
from tests.support.world import World

VALID = json.dumps({"contact_ids": [contact_id(1)]})

BODIES = {
    "100,000 brackets": "[" * 100_000,
    "100,000 brackets in a field": '{"contact_ids": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "50,000 objects": '{"contact_ids":' * 50_000,
    "a field of 900,000 characters": json.dumps({"contact_ids": [PLANTED * 64_000]}),
    "10,001 ids": json.dumps({"contact_ids": [contact_id(number) for number in range(10_001)]}),
    "30,000 fields": json.dumps({f"{PLANTED}{number}": 1 for number in range(30_000)}),
    "the ids twice": f'{{"contact_ids": ["{contact_id(1)}"], "contact_ids": ["{contact_id(2)}"]}}',
    "the ids twice, once escaped": f'{{"contact_ids": ["{contact_id(1)}"], "\\u0063ontact_ids": []}}',
    "NaN": '{"contact_ids": NaN}',
    "Infinity": '{"contact_ids": [-Infinity]}',
    "a number of 5,000 digits": '{"contact_ids": [' + "9" * 5_000 + "]}",
    "an exponent without end": '{"contact_ids": 1e999999999}',
    "a number": "7",
    "true": "true",
    "escaped lone surrogates": '{"contact_ids": ["\\ud800\\udfff\\ud800"]}',
    "lone surrogates": '{"contact_ids": ["planted7@value\ud800"]}',
    "nothing but a lone surrogate": "\udc80",
    "a surrogate pair in two halves": '{"contact_ids": ["\ud83d\ude00"]}',
    "NUL": '{"contact_ids": ["\0"]}',
    "a byte order mark": "\ufeff" + VALID,
    "UTF-16 read as Latin-1": VALID.encode("utf-16").decode("latin-1"),
    "UTF-8 read as Latin-1": '{"contact_ids": ["\u00c3\u00a9\u00ff\u00fe"]}',
    "whitespace of other scripts": "\u2003" + VALID,
    "delete-all as a bulk deletion": '{"delete_all_contacts": true}',
    "ids and delete-all": json.dumps({"contact_ids": [contact_id(1)], "delete_all_contacts": "true"}),
    "ids and identifiers": json.dumps(
        {"contact_ids": [contact_id(1)], "identifier_type": "EMAIL", "identifier_values": [PLANTED]}
    ),
    "identifiers of no type": json.dumps({"identifier_values": [PLANTED]}),
    "identifiers that are none": json.dumps(
        {"identifier_type": "EMAIL", "identifier_values": ["\ud800@b.c", f"{PLANTED}@x", f"{PLANTED}\0", ""]}
    ),
    "an event in an event": json.dumps({"Records": [sqs_record(VALID, queue="BulkDeleteQueue")]}),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_hostile_body_is_kept_as_a_dead_letter(functions: Functions, case: str) -> None:
    world = functions.world
    contact = world.new_contact()
    good = {"contact_ids": [contact]}
    response = deliver(world, "bulk_delete", good, BODIES[case], good)
    assert response == {"batchItemFailures": []}
    (letter,) = world.receive_all("BulkDeleteDeadLetterQueue")
    assert letter["body"] == well_formed(BODIES[case])
    assert letter["messageAttributes"]["ErrorCode"]["stringValue"] == "InvalidRequest"
    assert PLANTED not in letter["messageAttributes"]["ErrorMessage"]["stringValue"]
    assert PLANTED not in world.log.getvalue()
    (request,) = world.double.requests
    assert request.target == f"/v3/marketing/contacts?ids={contact}"


@given(
    st.sampled_from(list(QUEUES)).flatmap(
        lambda name: st.tuples(
            st.just(name), st.lists(st.tuples(st.integers(0), texts), min_size=1, max_size=10)
        )
    )
)
@fuzz(12)
def test_every_message_of_a_batch_is_refused_for_itself(
    functions: Functions, batch: tuple[str, list[tuple[int, str]]]
) -> None:
    """Only the fields that become part of a URL, or say which request it is, are changed."""
    name, changes = batch
    world = functions.world
    functions.forget()
    request = functions.request_of(name)
    possible = [place for place in places(request) if place and place[-1] not in FREE_TEXTS]
    changed = [with_value(request, possible[number % len(possible)], value) for number, value in changes]
    assert deliver(world, name, *changed) == {"batchItemFailures": []}
    letters = world.dead_letters()
    assert sorted(letter["body"] for letter in letters) == sorted(map(json.dumps, changed))
    assert {letter["ErrorCode"] for letter in letters} == {"InvalidRequest"}
    assert not any(PLANTED in letter["ErrorMessage"] for letter in letters)
    assert world.double.requests == []
    assert PLANTED not in json.dumps([world.task_responses, world.outcome_events()])
    assert PLANTED not in world.log.getvalue()


FREE_TEXTS = {"confirm", "identifier_value", "task_token", "message_id"}


def deliver(world: World, name: str, *bodies: object) -> Any:
    function: Any = getattr(world, name)
    return function(
        {
            "Records": [
                {**sqs_record("", queue=QUEUES[name], number=number), "body": as_text(body)}
                for number, body in enumerate(bodies, start=1)
            ]
        }
    )


def as_text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def well_formed(value: str) -> str:
    """As SQS keeps it, which replaces what is not a character."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
