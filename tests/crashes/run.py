"""A batch on its way to its end, with one of its calls interrupted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.simulation.in_turn import call_in_turn
from tests.crashes import queues
from tests.crashes.batches import Batch, Part, Sent, account_of
from tests.crashes.calls import Calls, Deletion, Way
from tests.support.world import STATUS_QUEUE, World, new_world


@dataclass(frozen=True)
class Run:
    """What is left when every queue is empty. `sent` has each message by the id that its event has."""

    batch: Batch
    way: Way | None
    at: int | None
    died: bool
    names: list[str]
    deletions: list[Deletion]
    sent: dict[str, Sent]
    before: frozenset[Part]
    after: frozenset[Part]
    events: list[dict[str, Any]]
    dead_letters: list[dict[str, Any]]
    task_responses: list[dict[str, Any]]
    # What SendGrid started.
    jobs: frozenset[str]

    # What of it is in the ledger, an event or a log line.
    known_jobs: frozenset[str]


def run(batch: Batch, at: int | None = None, way: Way | None = None) -> Run:
    with new_world() as world, queues.one_time(world.clock):
        if batch.operation == "bulk_delete":
            # Short, so that a run has few calls: a refused contact is looked up again once.
            world.change_settings(consistency_window_seconds=30)
        call_in_turn(world.runtime)
        queues.set_up(world, batch.queue, STATUS_QUEUE)
        messages = batch.fill(world)
        before = account_of(world)
        ids = _send(world, batch.queue, messages)
        sent = {
            message.known_as or message_id: message for message_id, message in zip(ids, messages, strict=True)
        }
        calls = Calls(world, at, way)
        deaths = queues.work_off(world, calls)
        world.jobs_end()
        events = world.outcome_events()
        return Run(
            batch=batch,
            way=way,
            at=at,
            died=deaths > 0,
            names=calls.names,
            deletions=calls.deletions,
            sent=sent,
            before=before,
            after=account_of(world),
            events=events,
            dead_letters=world.dead_letters(),
            task_responses=world.task_responses[:],
            jobs=frozenset(job.id for job in world.double.account.jobs()),
            known_jobs=frozenset(_known_jobs(world, events)),
        )


def _send(world: World, queue: str, messages: Sequence[Sent]) -> list[str]:
    """In one call; gives the ids of the messages."""
    bodies = [
        message.body if isinstance(message.body, str) else json.dumps(message.body) for message in messages
    ]
    response = world.runtime.sqs.send_message_batch(
        QueueUrl=world.queue_url(queue),
        Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)],
    )
    return [taken["MessageId"] for taken in response["Successful"]]


def _known_jobs(world: World, events: list[dict[str, Any]]) -> Iterator[str]:
    for item in world.ledger():
        yield from json.loads(item["data"]["S"]).get("job_ids", ()) if "data" in item else ()
    for reported in [*events, *world.log_lines()]:
        yield from reported.get("job_ids", ())
