"""Anchors of a strategic merge patch: what of the patch is for this resource.

Follows Kyverno pkg/engine/mutate/patch/strategicPreprocessing.go @ 111e07b: ``(key)`` must be met by the
object that holds it, ``<(key)`` by the whole rule, ``+(key)`` is added where it is absent. An element of
a list that has anchors is repeated for every element of the resource that meets them, by name.
"""

from typing import Any

from propolis.core.resource import Document
from propolis.policy.engine.anchors import ADD, CONDITION, GLOBAL, Anchor, parse_anchor
from propolis.policy.engine.pattern import pattern_check


class UnmetError(Exception):
    """A condition is not met: the element is not for the patch."""


class GloballyUnmetError(Exception):
    """A global condition is not met: the patch is not for the resource."""


_ABSENT: Any = object()
_CONDITIONS = (CONDITION, GLOBAL)
_ALL = (*_CONDITIONS, ADD)


def prepare_patch(patch: Document, document: Document) -> Document:
    """The patch without anchors, as it is for a document; empty when its conditions are not met."""
    try:
        return _strip_map(_walk_map(patch, document))
    except (UnmetError, GloballyUnmetError):
        return {}


def has_anchors(patch: Any) -> bool:
    """Whether any part of a patch depends on the resource."""
    return _has(patch, _ALL)


def unknown_anchor(patch: Any) -> str:
    """A key with an anchor that means nothing in a patch; empty for none."""
    if isinstance(patch, dict):
        keys: list[str] = [
            key for key in patch if (anchor := parse_anchor(key)) and anchor.modifier not in _ALL
        ]
        if keys:
            return keys[0]
        patch = list(patch.values())
    inner: list[Any] = patch if isinstance(patch, list) else []
    return next((found for item in inner if (found := unknown_anchor(item))), "")


def _is(anchor: Anchor | None, modifiers: tuple[str, ...]) -> bool:
    return anchor is not None and anchor.modifier in modifiers


def _has(pattern: Any, modifiers: tuple[str, ...]) -> bool:
    if isinstance(pattern, dict):
        return any(_is(parse_anchor(key), modifiers) or _has(pattern[key], modifiers) for key in pattern)
    return isinstance(pattern, list) and any(_has(item, modifiers) for item in pattern)


def _walk(pattern: Any, resource: Any) -> Any:
    if isinstance(pattern, dict):
        return _walk_map(pattern, resource)
    if isinstance(pattern, list) and pattern and isinstance(pattern[0], dict):
        return _walk_list(pattern, resource)
    return pattern


def _walk_map(pattern: dict[str, Any], resource: Any) -> dict[str, Any]:
    """The map with what is to be added, after its conditions are met."""
    fields = resource if isinstance(resource, dict) else {}
    pattern, _ = _added(pattern, fields)
    for modifiers, error in (((GLOBAL,), GloballyUnmetError), ((CONDITION,), UnmetError)):
        for key in [key for key in pattern if _is(parse_anchor(key), modifiers)]:
            pattern[key] = _met(key, pattern[key], fields, error)
    return {
        key: value if _is(parse_anchor(key), _CONDITIONS) else _walk(value, fields.get(key, _ABSENT))
        for key, value in pattern.items()
    }


def _added(pattern: Any, fields: Any) -> tuple[Any, bool]:
    """A map whose ``+(key)`` are gone or plain keys, and whether there were any."""
    if not isinstance(pattern, dict):
        return pattern, False
    there = fields if isinstance(fields, dict) else {}
    result: dict[str, Any] = {}
    has_any = False
    for key, value in pattern.items():
        anchor = parse_anchor(key)
        if anchor is None or anchor.modifier != ADD:
            result[key] = value
            continue
        has_any = True
        if anchor.key not in there:
            result[anchor.key] = value
    return result, has_any


def _met(key: str, pattern: Any, fields: dict[str, Any], error: type[Exception]) -> Any:
    anchor = parse_anchor(key)
    plain = anchor.key if anchor else key
    if plain not in fields:
        raise error
    value, adds = _added(pattern, fields[plain])
    if not adds and pattern_check(value)(fields[plain], {}) is not None:
        raise error
    return value


def _walk_list(pattern: list[Any], resource: Any) -> list[Any]:
    result = list(pattern)
    for item in pattern:
        if _has(item, _ALL):
            result += _repeated(item, resource)
    return result


def _repeated(item: Any, resource: Any) -> list[Any]:
    """An element of the patch, once for each element of the resource that it is for."""
    is_global = _has(item, (GLOBAL,))
    found: list[Any] = []
    unmet: GloballyUnmetError | None = None
    is_met = False
    for element in resource if isinstance(resource, list) else (_ABSENT,):
        try:
            walked = _walk(item, element)
        except UnmetError:
            continue
        except GloballyUnmetError as error:
            unmet = error
            continue
        is_met = True
        found += [] if is_global else _named(walked, element)
    if unmet is not None and not is_met:
        raise unmet
    return found


def _named(walked: Any, element: Any) -> list[Any]:
    """The element of the patch with the name of the resource's; none where it has no name or says nothing."""
    name = element.get("name") if isinstance(element, dict) else None
    stripped = _strip_map(walked) if isinstance(walked, dict) else {}
    return [{**stripped, "name": name}] if name and stripped else []


def _strip_map(pattern: dict[str, Any]) -> dict[str, Any]:
    """Without conditions; what they alone held goes with them."""
    result: dict[str, Any] = {}
    for key, value in pattern.items():
        anchor = parse_anchor(key)
        is_condition = _is(anchor, _CONDITIONS)
        stripped = _stripped(value)
        is_empty = (isinstance(value, dict | list) and bool(value)) and not stripped
        if is_empty or (is_condition and not isinstance(value, dict | list)):
            continue
        result[anchor.key if anchor and is_condition else key] = stripped
    return result


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return _strip_map(value)
    if not isinstance(value, list):
        return value
    kept = [(item, _stripped(item)) for item in value if not _has(item, _ALL)]
    return [stripped for item, stripped in kept if stripped or not isinstance(item, dict) or not item]
