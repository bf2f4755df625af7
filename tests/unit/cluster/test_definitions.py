"""Kinds are looked up when definitions change, and now and then."""

from typing import Any

import msgspec

from propolis.cluster.definitions import AFTER_SECONDS, EVERY_SECONDS, Definitions


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def definition(*, version: str = "v1", is_established: bool = True, **metadata: Any) -> bytes:
    names = {"kind": "Widget", "plural": "widgets"}
    versions = [{"name": version, "served": True}]
    spec = {"group": "example.org", "names": names, "scope": "Namespaced", "versions": versions}
    conditions = [{"type": "Established", "status": "True" if is_established else "False"}]
    return msgspec.json.encode({"metadata": metadata, "spec": spec, "status": {"conditions": conditions}})


def listed(*names: str) -> tuple[Definitions, Clock]:
    clock = Clock()
    made = Definitions(clock)
    for name in names:
        made.put(("", name), definition())
    made.keep({("", name) for name in names})
    return made, clock


def test_what_the_first_list_holds_is_no_change() -> None:
    made, clock = listed("a", "b")
    assert not made.is_due()
    clock.now += EVERY_SECONDS
    assert made.is_due()
    assert not made.is_due()
    clock.now += EVERY_SECONDS
    assert made.is_due()


def test_a_new_definition_has_kinds_looked_up_at_once_and_again_later() -> None:
    made, clock = listed("a")
    made.put(("", "b"), definition())
    begun, looks = clock.now, []
    while clock.now < begun + EVERY_SECONDS / 2:
        if made.is_due():
            looks.append(clock.now - begun)
        clock.now += 0.25
    assert looks == list(AFTER_SECONDS)


def test_a_definition_that_is_not_established_yet_defines_nothing() -> None:
    made, _ = listed("a")
    made.put(("", "b"), definition(is_established=False))
    made.put(("", "c"), b'{"spec": 1}')
    assert not made.is_due()
    made.put(("", "b"), definition())
    assert made.is_due()


def test_only_what_decides_which_kinds_are_served_counts() -> None:
    made, clock = listed("a")
    made.put(("", "a"), definition(resourceVersion="2", labels={"team": "a"}))
    assert not made.is_due()
    made.put(("", "a"), definition(version="v2"))
    assert made.is_due()
    clock.now += max(AFTER_SECONDS)
    made.is_due()
    made.drop(("", "a"))
    assert made.is_due()


def test_what_a_later_list_lacks_is_gone() -> None:
    made, _ = listed("a", "b")
    made.keep({("", "a")})
    assert made.is_due()
