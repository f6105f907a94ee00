from types import SimpleNamespace

import moto
import pytest

from local.aws.moto_patch import replace


class Queue:
    limit = 1


def test_an_attribute_is_replaced() -> None:
    queue = SimpleNamespace(limit=1)

    replace([(queue, "limit", 2)])

    assert queue.limit == 2


def test_what_is_not_there_is_named_and_not_added() -> None:
    with pytest.raises(RuntimeError, match=r"Queue\.length"):
        replace([(Queue, "length", 2)])

    assert not hasattr(Queue, "length")


def test_another_line_of_moto_is_refused_before_anything_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto, "__version__", "6.0.0")
    queue = SimpleNamespace(limit=1)

    with pytest.raises(RuntimeError, match=r"6\.0\.0"):
        replace([(queue, "limit", 2)])

    assert queue.limit == 1
