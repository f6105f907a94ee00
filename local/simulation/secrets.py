"""Values that nobody may see but SendGrid, and a watch on everything else that is told."""

import io
import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

_JOB_IDS = re.compile(r'"job_ids":\[([^\]]*)\]')

# Part of every planted value: an e-mail address, an external id, a key, a task token, a contact's name in an error.
NEEDLE = "xq7zplanted"

# The same where only digits do.
PHONE_NEEDLE = "9997771230"


class Secrets:
    """Makes the values, has the API key that Secrets Manager would give, and notes `leaks`."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self.api_key = self.new_api_key()
        self.leaks: list[str] = []

    def new_api_key(self) -> str:
        return f"SG.{NEEDLE}.{next(self._numbers)}"

    def email(self) -> str:
        """Addresses of every unusual form, in turn."""
        number = next(self._numbers)
        forms = [
            f"Ada.{NEEDLE}.{number}@example.com",
            f"ada+{NEEDLE}.{number}@example.com",
            f"o'{NEEDLE}.{number}@example.com",
            f"{NEEDLE}.{number}@b\u00fccher.example",
            f"jos\u00e9.{NEEDLE}.{number}@example.com",
            f"jose\u0301.{NEEDLE}.{number}@example.com",
            f"{NEEDLE}.{number}@EXAMPLE.COM".upper(),
            f"{NEEDLE}.{number}.".ljust(254 - len("@example.com"), "a") + "@example.com",
        ]
        return forms[number % len(forms)]

    def refused_email(self) -> str:
        """What only SendGrid knows to be none."""
        return f"{NEEDLE}.{next(self._numbers)}@host"

    def phone(self) -> str:
        return f"+{PHONE_NEEDLE}{next(self._numbers):05}"

    def external_id(self) -> str:
        return f"{NEEDLE}-{next(self._numbers)}"

    def task_token(self) -> str:
        return f"AQCEAAAAKgAAAAMAAAAAAAAAA-{NEEDLE}-{next(self._numbers)}"

    def watch(self, where: str, text: str) -> None:
        folded = text.casefold()
        if NEEDLE in folded or PHONE_NEEDLE in folded:
            at = max(folded.find(NEEDLE), folded.find(PHONE_NEEDLE))
            self.leaks.append(f"{where} was told {text[max(0, at - 150) : at + 60]!r}")

    def watch_message(self, queue: str, entry: Mapping[str, Any]) -> None:
        """A dead letter's body is its producer's; a status message has its request's task token, and nothing else."""
        self.watch(queue, str(entry.get("MessageAttributes")))
        if queue.endswith("DeadLetterQueue"):
            return
        body = json.loads(entry["MessageBody"])
        for request in body["requests"]:
            request.pop("task_token", None)
        self.watch(queue, str(body))


class Watched(io.StringIO):
    """A stream that keeps nothing but what it should not have been told, and the jobs that it was told of."""

    def __init__(self, secrets: Secrets, where: str) -> None:
        super().__init__()
        self._secrets = secrets
        self._where = where
        self.lines = 0
        self.job_ids: set[str] = set()

    def write(self, text: str) -> int:
        self._secrets.watch(self._where, text)
        self.lines += text.count("\n")
        for told in _JOB_IDS.findall(text):
            self.job_ids.update(told.replace('"', "").split(",") if told else ())
        return len(text)
