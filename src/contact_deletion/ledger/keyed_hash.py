"""Hashes of content that could be guessed, such as an e-mail address."""

import hmac
import json
from typing import Any

_FINGERPRINT_CHARACTERS = 16


def keyed_hash(key: bytes, content: dict[str, Any]) -> str:
    """A hash that says nothing of the content to those who lack the key. It begins with a fingerprint of the key."""
    text = json.dumps(content, sort_keys=True)
    return f"{fingerprint(key)}.{hmac.digest(key, text.encode(), 'sha256').hex()}"


def fingerprint(key: bytes) -> str:
    """What distinguishes a key from others, and says nothing else of it."""
    return hmac.digest(key, b"fingerprint", "sha256").hex()[:_FINGERPRINT_CHARACTERS]


def is_of_another_key(one: str, other: str) -> bool:
    """Whether two hashes were made with different keys, so that they say nothing of whether the contents are equal."""
    keys = [text.partition(".")[0] for text in (one, other) if "." in text]
    return len(set(keys)) == 2
