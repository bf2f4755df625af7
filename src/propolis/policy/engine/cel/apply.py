"""Applies what an expression made to an object, as server-side apply merges fields.

Follows kubernetes/apiserver plugin/policy/mutating/patch/smd.go @ 24a394e and the order of lists of
structured-merge-diff v6. Lists of kinds that are not Kubernetes' own are replaced whole.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from propolis.core.resource import Document, reference_of
from propolis.lang.cel.errors import EvaluationError
from propolis.policy.engine.cel.list_types import Keyed, Set, Whole, merging_of

How = Any
"""``Merging``, `Keyed`, `Set`, `Whole`, or None for what is not known."""

MOST_LEVELS = 200


def apply_object(document: Document, patch: Document, *, may_replace: bool = False) -> Document:
    """The document with the fields of a patch; neither is changed.

    Args:
        document: A Kubernetes object.
        patch: Fields of it.
        may_replace: Whether lists and objects that are whole may be in the patch.

    Raises:
        EvaluationError: The patch has what is whole, elements without their keys, or too many levels.
    """
    ref = reference_of(document)
    merging = merging_of(ref.group, ref.kind)
    patch = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind")}
    if merging is not None and not may_replace:
        path = next(_whole_places(patch, merging, ""), None)
        if path is not None:
            raise EvaluationError(
                "error applying patch: invalid ApplyConfiguration: "
                f"may not mutate atomic arrays, maps or structs: {path}"
            )
    found: Document = _merged(document, patch, merging, 0)
    return found


def _whole_places(value: Any, how: How, path: str) -> Iterator[str]:
    """Paths of what is whole in a patch."""
    if isinstance(how, Whole):
        yield path
    elif isinstance(value, list):
        if isinstance(how, Keyed):
            for index, item in enumerate(value):
                yield from _whole_places(item, how.element, f"{path}[{index}]")
        elif not isinstance(how, Set):
            yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _whole_places(item, _below(how, key), f"{path}.{key}")


def _below(how: How, key: str) -> How:
    return how.get(key, {}) if isinstance(how, dict) else how


def _merged(old: Any, new: Any, how: How, level: int) -> Any:
    if level > MOST_LEVELS:
        raise EvaluationError(f"error applying patch: more than {MOST_LEVELS} levels")
    if isinstance(how, Whole) or new is None:
        return new
    if isinstance(new, dict) and isinstance(old, dict):
        merged = dict(old)
        for key, value in new.items():
            merged[key] = _merged(old.get(key), value, _below(how, key), level + 1)
        return merged
    if isinstance(new, list) and isinstance(old, list):
        if isinstance(how, Keyed):
            return _by_keys(old, new, how, level)
        if isinstance(how, Set):
            return _ordered(old, new, list, lambda _, item: item)
    return new


def _by_keys(old: list[Any], new: list[Any], how: Keyed, level: int) -> list[Any]:
    def key(item: Any) -> tuple[Any, ...]:
        fields = item if isinstance(item, dict) else {}
        return tuple(fields.get(name, how.defaults.get(name)) for name in how.keys)

    for item in new:
        if None in key(item):
            named = ", ".join(how.keys)
            raise EvaluationError(f"error applying patch: an element of a list lacks its keys ({named})")

    def merge(one: Any, other: Any) -> Any:
        return other if one is None else _merged(one, other, how.element, level + 1)

    return _ordered(old, new, key, merge)


def _ordered(old: list[Any], new: list[Any], key: Any, merge: Any) -> list[Any]:
    """Both lists as one: elements of both merged, in the order of the new list; others keep their place.

    An element that only the old list has comes before the shared one that follows it there; one that only
    the new list has comes where the new list has it.
    """
    key = _same if key is list else key
    known = {_hashable(key(item)): item for item in reversed(old)}
    wanted = {_hashable(key(item)) for item in new}
    shared = [mark for item in new if (mark := _hashable(key(item))) in known]
    return list(_interleaved(_marked(old, key), _marked(new, key), known, wanted, shared, merge))


def _interleaved(
    old: Sequence[tuple[Any, Any]],
    new: Sequence[tuple[Any, Any]],
    known: dict[Any, Any],
    wanted: set[Any],
    shared: list[Any],
    merge: Any,
) -> Iterator[Any]:
    done: set[Any] = set()
    left, right = 0, 0
    while left < len(old) or right < len(new):
        if left < len(old):
            mark, item = old[left]
            if mark not in wanted:
                yield item
                left += 1
                continue
            is_next = not shared or mark == shared[0]
            if mark in done or not (is_next or right >= len(new)):
                left += 1
                continue
        if right < len(new):
            mark, item = new[right]
            yield merge(known.get(mark), item)
            done.add(mark)
            right += 1
            if shared and shared[0] == mark:
                shared.pop(0)
                left += left < len(old) and old[left][0] == mark
        else:
            left += 1


def _marked(items: list[Any], key: Any) -> list[tuple[Any, Any]]:
    return [(_hashable(key(item)), item) for item in items]


def _same(item: Any) -> Any:
    return item


def _hashable(value: Any) -> Any:
    return value if isinstance(value, tuple | str | int | float | bool) else repr(value)
