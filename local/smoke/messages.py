"""Messages to the stack's queues, and what became of each."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from local.smoke import endings
from local.smoke.dead_letters import MESSAGE_ATTRIBUTE, DeadLetters
from local.smoke.deployed_stack import DeployedStack
from local.smoke.event_listener import EventListener
from local.smoke.payloads import Message
from local.smoke.report import Check


class Messages:
    """Sends messages, and ends their checks. Where no events can be seen there is no `listener`."""

    def __init__(self, sqs: Any, stack: DeployedStack, listener: EventListener | None, run_name: str) -> None:
        self._sqs = sqs
        self._stack = stack
        self._listener = listener
        self._dead_letters = DeadLetters(sqs, run_name)
        self._sent: list[tuple[Check, Message]] = []

    def send(self, check: Check, message: Message) -> None:
        self._sqs.send_message(
            QueueUrl=self._stack.output(f"{message.queue}QueueUrl"),
            MessageBody=json.dumps(message.payload),
            MessageAttributes={MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": message.request_id}},
        )
        self._sent.append((check, message))
        check.runs(
            "sent" if message.expected_code else "sent, and tracked to its end, which may take minutes"
        )

    def collect(self) -> None:
        """Collects what has arrived, and ends the checks of the messages that are complete."""
        if self._listener:
            self._listener.receive()
        for queue in {message.queue for check, message in self._sent if self._may_be_dead(check, message)}:
            self._dead_letters.collect(self._stack.output(f"{queue}DeadLetterQueueUrl"))
        for check, message in self._sent:
            if check.is_open:
                check.attempt(partial(self._ending, message))

    def remove_dead_letters(self) -> None:
        """Those that came after their checks had ended."""
        for queue in {message.queue for _, message in self._sent}:
            self._dead_letters.collect(self._stack.output(f"{queue}DeadLetterQueueUrl"))

    def _may_be_dead(self, check: Check, message: Message) -> bool:
        """A rejection's event comes before its dead letter: until then the queue need not be searched."""
        if not check.is_open or message.request_id in self._dead_letters.by_request:
            return False
        event = self._event(message)
        return self._listener is None or (event is not None and event["detail-type"] == endings.REJECTED)

    def _event(self, message: Message) -> Mapping[str, Any] | None:
        return self._listener.by_request.get(message.request_id) if self._listener else None

    def _ending(self, message: Message) -> str | None:
        event, dead_letter = self._event(message), self._dead_letters.by_request.get(message.request_id)
        if message.expected_code is None:
            return endings.of_unknown_contact(event, dead_letter)
        has_bus = self._listener is not None
        return endings.of_rejection(message.expected_code, event, dead_letter, has_bus=has_bus)
