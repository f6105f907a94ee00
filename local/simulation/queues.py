"""SQS, as far as a function and its event source mapping notice."""

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from local.simulation.chance import Chance
from local.simulation.time import Time

ACCOUNT = "123456789012"


@dataclass
class Message:
    id: str
    body: str
    # In the form of SQS's API.
    attributes: dict[str, Any]

    visible_at: float
    receive_count: int = 0
    receipt: str = ""


@dataclass
class Queue:
    """A standard queue: in no order, and at least once."""

    name: str
    time: Time
    chance: Chance
    visibility_timeout: int = 30
    delay: int = 0
    max_receive_count: int | None = None
    dead_letter_queue: "Queue | None" = None
    messages: dict[str, Message] = field(default_factory=dict)
    # How often each message was delivered, by its id.
    received: Counter[str] = field(default_factory=Counter)

    _to_come: list[tuple[float, str]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"

    @property
    def url(self) -> str:
        return f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{self.name}"

    def send(self, body: str, attributes: dict[str, Any] | None = None) -> Message:
        message = Message(
            f"{self.name}-{next(self._numbers)}", body, dict(attributes or {}), self.time() + self.delay
        )
        self._keep(message)
        return message

    def _keep(self, message: Message) -> None:
        self.messages[message.id] = message
        self._show_at(message, message.visible_at)

    def _show_at(self, message: Message, moment: float) -> None:
        message.visible_at = moment
        heapq.heappush(self._to_come, (moment, message.id))

    def next_visible_at(self) -> float | None:
        while self._to_come:
            moment, message_id = self._to_come[0]
            message = self.messages.get(message_id)
            if message is not None and message.visible_at == moment:
                return moment
            heapq.heappop(self._to_come)
        return None

    def receive(self, most: int) -> list[Message]:
        """Some of what is visible, each once; what was received too often becomes a dead letter instead."""
        visible: dict[str, Message] = {}
        while len(visible) < 2 * most and (moment := self.next_visible_at()) is not None:
            if moment > self.time():
                break
            message = self.messages[heapq.heappop(self._to_come)[1]]
            visible[message.id] = message
        drawn = self.chance.sample(list(visible.values()), min(most, len(visible)))
        taken = [message for message in drawn if not self._is_redriven(message)]
        ids = {message.id for message in drawn}
        for message in visible.values():
            if message.id not in ids:
                self._show_at(message, message.visible_at)
        return [self._received(message) for message in taken]

    def _is_redriven(self, message: Message) -> bool:
        if self.max_receive_count is None or message.receive_count < self.max_receive_count:
            return False
        if self.dead_letter_queue is None:
            raise AssertionError(f"{self.name} has no dead-letter queue")
        del self.messages[message.id]
        message.visible_at = self.time()
        self.dead_letter_queue._keep(message)
        return True

    def _received(self, message: Message) -> Message:
        """As it is handed out: a later receive does not change what this one said."""
        message.receive_count += 1
        message.receipt = f"{message.id}/{message.receive_count}"
        self.received[message.id] += 1
        again = 0.0 if self.chance.fault("message delivered twice", 0.01) else self.visibility_timeout
        self._show_at(message, self.time() + again)
        return Message(
            message.id,
            message.body,
            message.attributes,
            message.visible_at,
            message.receive_count,
            message.receipt,
        )

    def delete(self, received: Message) -> None:
        """By the receipt of the last receive; another is of no effect, and now and then neither is this one."""
        message = self.messages.get(received.id)
        if message is None or message.receipt != received.receipt:
            return
        if not self.chance.fault("deletion of a message ineffective", 0.005):
            del self.messages[received.id]

    def change_visibility(self, receipt: str, seconds: int) -> bool:
        message = self.messages.get(receipt.rpartition("/")[0])
        if message is None or message.receipt != receipt:
            return False
        self._show_at(message, self.time() + seconds)
        return True
