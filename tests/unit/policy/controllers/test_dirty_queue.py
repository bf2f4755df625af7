"""Which resource is judged next."""

from propolis.cluster.discovery import Served
from propolis.policy.controllers.dirty_queue import SHARE, DirtyQueue
from propolis.policy.controllers.subjects import EVERYTHING, NOTHING, KindSubjects, Subject

POLICY = frozenset({"a"})


def subjects(count: int, kind: str = "Pod") -> list[Subject]:
    found = KindSubjects(Served("", "v1", kind, "x"), lambda _one: None, lambda _one: None)
    for number in range(count):
        found.put(("a", f"p-{number:02}"), b'{"metadata": {"name": "p-%02d", "namespace": "a"}}' % number)
    return list(found)


def drained(queue: DirtyQueue) -> list[str]:
    names = []
    while (subject := queue.pop()) is not None:
        subject.due = NOTHING
        names.append(subject.name if subject.of.served.kind == "Pod" else subject.of.served.kind)
    return names


def test_a_resource_that_is_put_in_often_is_judged_once() -> None:
    (one,) = subjects(1)
    queue = DirtyQueue()
    for is_bulk in (True, True, False, False, True):
        queue.put(one, POLICY, is_bulk=is_bulk)
    assert drained(queue) == ["p-00"]
    assert len(queue) == 0


def test_what_is_due_adds_up() -> None:
    (one,) = subjects(1)
    queue = DirtyQueue()
    queue.put(one, POLICY)
    queue.put(one, frozenset({"b"}))
    assert one.due == {"a", "b"}
    queue.put(one, EVERYTHING)
    queue.put(one, POLICY)
    assert one.due == EVERYTHING


def test_namespaces_come_first() -> None:
    (space,) = subjects(1, "Namespace")
    (one,) = subjects(1)
    queue = DirtyQueue()
    queue.put(one, POLICY)
    queue.put(space, POLICY, is_bulk=True)
    assert drained(queue) == ["Namespace", "p-00"]


def test_neither_changes_nor_a_scan_wait_for_ever() -> None:
    found = subjects(60)
    queue = DirtyQueue()
    for one in found[:30]:
        queue.put(one, POLICY, is_bulk=True)
    for one in found[30:]:
        queue.put(one, POLICY)
    turns = drained(queue)[: 2 * (SHARE + 1)]
    assert sum(name < "p-30" for name in turns) == 2


def test_what_is_gone_is_passed_over() -> None:
    one, two = subjects(2)
    queue = DirtyQueue()
    queue.put(one, POLICY)
    queue.put(two, POLICY)
    one.is_gone = True
    assert drained(queue) == ["p-01"]
    queue.again(one)
    assert queue.pop() is None


def test_whoever_judges_is_woken() -> None:
    woken: list[int] = []
    (one,) = subjects(1)
    queue = DirtyQueue(lambda: woken.append(1))
    queue.put(one, POLICY)
    queue.again(one)
    assert len(woken) == 2
