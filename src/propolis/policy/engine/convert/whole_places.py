"""Parts of patches that server-side apply takes whole: lists and objects that no ``Object{...}`` may hold.

They become JSON patches of their own, after what is applied.
"""

from typing import Any

import msgspec

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.cel.list_types import Keyed, Set, Whole, merging_of
from propolis.policy.engine.convert.applied import without_add
from propolis.policy.engine.convert.json_patches import dynamic
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.terms import TRUE, Term, and_, written
from propolis.policy.engine.convert.texts import field, has, literal
from propolis.policy.engine.patch_anchors import has_anchors

Path = tuple[str, ...]


class WholePlace(msgspec.Struct, frozen=True):
    """A part of a patch that is taken whole.

    Attributes:
        path: Keys above it.
        is_added: Whether it is left alone where it is there.
    """

    path: Path
    value: Any
    is_added: bool = False


def split_patch(patch: Any, group: str, kind: str) -> tuple[Any, list[WholePlace]]:
    """What can be applied of a patch of a kind, and what is taken whole.

    Raises:
        Refused: Something that is taken whole lies within elements of a list.
    """
    merging = merging_of(group, kind)
    if merging is None:
        return patch, []
    found: list[WholePlace] = []
    rest = _split(patch, merging, (), found)
    return ({} if rest is None else rest), found


def _split(patch: Any, how: Any, path: Path, found: list[WholePlace]) -> Any:
    if not isinstance(patch, dict):
        return patch
    rest: dict[str, Any] = {}
    for key, value in patch.items():
        anchor = parse_anchor(key)
        name = anchor.key if anchor else key
        below = how.get(name, {}) if isinstance(how, dict) else how
        is_added = anchor is not None and anchor.modifier == anchors.ADD
        at = (*path, name)
        if is_added and _has_whole(without_add(value), below):
            found.append(WholePlace(at, without_add(value), is_added=True))
        elif _is_whole(value, below):
            if has_anchors(value):
                raise Refused("anchors within what is taken whole")
            found.append(WholePlace(at, value, is_added=is_added))
        elif isinstance(value, list) and _has_whole(value, below):
            raise Refused(f"{'.'.join(at)} holds lists that are taken whole")
        else:
            inner = _split(value, below, at, found)
            if inner is not None or value is None:
                rest[key] = inner
    return rest or (None if patch else rest)


def _is_whole(value: Any, how: Any) -> bool:
    if isinstance(how, Whole):
        return True
    return isinstance(value, list) and not isinstance(how, Keyed | Set)


def _has_whole(value: Any, how: Any) -> bool:
    if _is_whole(value, how):
        return True
    if isinstance(value, dict):
        return any(
            _has_whole(item, how.get(_name(key), {}) if isinstance(how, dict) else how)
            for key, item in value.items()
        )
    return (
        isinstance(value, list)
        and isinstance(how, Keyed)
        and any(_has_whole(item, how.element) for item in value)
    )


def _name(key: str) -> str:
    anchor = parse_anchor(key)
    return anchor.key if anchor else key


def whole_patch(place: WholePlace, scope: Scope) -> str:
    """The JSON patch that sets a part; objects above it are made where they are absent."""
    parts: list[str] = []
    base = "object"
    there: Term = TRUE
    for index, key in enumerate(place.path[:-1]):
        at = field(base, key)
        if at not in scope.always:
            there = and_([there, has(base, key)])
            path = _pointer(place.path[: index + 1])
            parts.append(f"({written(there)} ? [] : [JSONPatch{{op: 'add', path: {path}, value: {{}}}}])")
        base = at
    made = f"[JSONPatch{{op: 'add', path: {_pointer(place.path)}, value: {dynamic(place.value, scope)}}}]"
    if place.is_added:
        is_there = written(and_([there, has(base, place.path[-1])]))
        return f"{is_there} ? [] : {' + '.join([*parts, made])}"
    return " + ".join([*parts, made])


def _pointer(path: Path) -> str:
    return literal("".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path))
