"""What changes is told, and nothing twice."""

import json
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from propolis.cluster.discovery import Served
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.watched import ActingWatches, Watched

KIND = Served("", "v1", "ConfigMap", "configmaps")
OTHER = Served("", "v1", "Secret", "secrets")


class Acting:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str] | None]] = []
        self.lists = 0
        self.kinds: set[tuple[str, str]] = set()
        self.wake: Callable[[], None] = lambda: None

    def touched(self, kind: Served, ref: ResourceRef, labels: dict[str, str] | None) -> None:
        assert kind == KIND
        self.told.append((f"{ref.namespace}/{ref.name}", labels))

    def listed(self, kind: Served) -> None:
        assert kind == KIND
        self.lists += 1


def document(version: str, **labels: str) -> bytes:
    return json.dumps({"metadata": {"name": "a", "resourceVersion": version, "labels": labels}}).encode()


def test_an_object_is_told_when_it_has_another_version() -> None:
    acting = Acting()
    store = Watched(KIND, acting)  # type: ignore[arg-type]  # a double
    store.put(("shop", "a"), document("1", by="rule"))
    store.put(("shop", "a"), document("1", by="rule"))
    store.keep({("shop", "a")})
    store.put(("shop", "a"), document("2"))
    store.keep({("shop", "a")})
    assert acting.told == [("shop/a", {"by": "rule"}), ("shop/a", {})]
    assert acting.lists == 1
    store.drop(("shop", "a"))
    store.drop(("shop", "a"))
    assert acting.told[2:] == [("shop/a", None)]


def test_what_is_missing_in_a_list_is_gone_and_what_cannot_be_read_is_there() -> None:
    acting = Acting()
    store = Watched(KIND, acting)  # type: ignore[arg-type]  # a double
    store.put(("shop", "a"), b'{"metadata": 7}')
    store.put(("shop", "b"), document("1"))
    store.keep({("shop", "a")})
    assert acting.told == [("shop/a", {}), ("shop/b", {}), ("shop/b", None)]


def test_kinds_are_followed_as_long_as_they_are_wanted() -> None:
    begun: list[Coroutine[Any, Any, None]] = []

    cancelled: list[int] = []

    def begin(work: Coroutine[Any, Any, None]) -> Any:
        begun.append(work)
        number = len(begun)
        return SimpleNamespace(cancel=lambda: cancelled.append(number))

    acting = Acting()
    watches = ActingWatches(None, acting, begin)  # type: ignore[arg-type]  # doubles
    acting.kinds = {("", "configmaps"), ("", "unknown")}
    watches.take_served([KIND, OTHER])
    acting.wake()
    assert [str(kind) for kind in watches.following.kinds] == ["('', 'configmaps')"]
    watches.take_served([])
    assert cancelled == []
    acting.kinds = set()
    acting.wake()
    assert cancelled == [1]
    assert not watches.following.kinds
    for work in begun:
        work.close()
