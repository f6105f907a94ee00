"""No personal data, token or key reaches anything but SendGrid, whatever goes wrong and at the most verbose level.

Every run of the simulation watches all that leaves a process (test_faults_at_random.py); here it is made sure that the
watch sees it.
"""

import io
import json
import logging

import pytest

from local.simulation.secrets import NEEDLE, Secrets, Watched
from tests.support.events import sqs_event
from tests.support.world import World


@pytest.mark.parametrize(
    "value", [Secrets.new_api_key, Secrets.email, Secrets.phone, Secrets.external_id, Secrets.task_token]
)
def test_the_watch_sees_every_kind_of_planted_value(value: object) -> None:
    secrets = Secrets()
    planted = value(secrets)  # type: ignore[operator]
    Watched(secrets, "the log").write(f'{{"reason": "{planted}"}}')
    secrets.watch_message("DeletionStatusQueue", {"MessageBody": json.dumps({"requests": [{"x": planted}]})})
    letter = {"MessageBody": planted, "MessageAttributes": {"ErrorMessage": {"StringValue": planted.upper()}}}
    secrets.watch_message("BulkDeleteDeadLetterQueue", letter)
    assert len(secrets.leaks) == 3


def test_what_urllib3_logs_of_real_calls_has_nothing_planted_either(world: World) -> None:
    secrets, reported = Secrets(), io.StringIO()
    world.rotate_key(secrets.api_key)
    email = secrets.email()
    contact_id = world.new_contact(email=email, external_id=secrets.external_id())
    logger, handler = logging.getLogger("urllib3"), logging.StreamHandler(reported)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        request = {"contact_id": contact_id, "identifier_type": "EMAIL", "identifier_value": email}
        world.remove_identifier(sqs_event(request, queue="RemoveIdentifierQueue"))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert len(world.deletions()) == 1
    assert "/identifiers" in reported.getvalue()
    assert NEEDLE not in reported.getvalue().casefold()


def test_debug_as_log_level_leaves_botocore_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At DEBUG, botocore logs what it sends and receives, including the API key."""
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    before = logging.getLogger("botocore").getEffectiveLevel()
    world.restart()
    world.bulk_delete(sqs_event({"contact_ids": [world.new_contact()]}, queue="BulkDeleteQueue"))
    assert logging.getLogger("botocore").getEffectiveLevel() == before
