"""JSON Patch (RFC 6902) on JSON Pointers (RFC 6901): applying operations, and finding them.

Applying follows the options that Kyverno sets on evanphx/json-patch v5: what an ``add`` needs on the
way is made, what a ``remove`` does not find is already gone, negative indexes count from the end.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from propolis.core.errors import DocumentError

Operation = dict[str, Any]
Tokens = list[str]

MOST_OPERATIONS = 10_000
MOST_PADDING = 1_000
"""Absent elements that an ``add`` at an index may bring."""


class PatchError(DocumentError):
    """A patch has a wrong shape or does not fit the document."""


class PatchTestError(PatchError):
    """A test operation does not hold: the patch is not for this document."""


def apply_patch(document: Any, operations: Any, *, is_strict: bool = False) -> Any:
    """The document after all operations; the one given is not changed.

    Args:
        document: Any value of JSON.
        operations: A list of objects.
        is_strict: Whether the way of an ``add`` and what a ``remove`` takes must be there, as the standard
            and the API server have it.

    Raises:
        PatchError: An operation has a wrong shape or does not fit.
    """
    if not isinstance(operations, list):
        raise PatchError("a JSON patch is a list of operations")
    if len(operations) > MOST_OPERATIONS:
        raise PatchError(f"a JSON patch has at most {MOST_OPERATIONS} operations")
    holder = {"": copy.deepcopy(document)}
    for operation in operations:
        _apply(holder, operation, _STRICT if is_strict else _OPERATIONS)
    return holder[""]


def _apply(holder: dict[str, Any], operation: Any, known: "Operations") -> None:
    if not isinstance(operation, dict):
        raise PatchError("an operation of a JSON patch is an object")
    name = operation.get("op")
    run = known.get(name) if isinstance(name, str) else None
    if run is None:
        raise PatchError(f"unknown operation {name!r} in a JSON patch")
    run(holder, tokens_of(operation.get("path")), operation)


def tokens_of(pointer: Any) -> Tokens:
    """The parts of a JSON Pointer, below the holder of the document.

    Raises:
        PatchError: It is no pointer.
    """
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchError(f"{pointer!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in ("" + pointer).split("/")]


def escaped(token: str) -> str:
    """A key as a part of a pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def _shown(tokens: Tokens) -> str:
    return "/".join(map(escaped, tokens))


def _value(operation: Operation) -> Any:
    if "value" not in operation:
        raise PatchError(f"{operation.get('op')} {operation.get('path')}: the value is missing")
    return copy.deepcopy(operation["value"])


def _add(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    _put(_parent(holder, tokens, makes=True), tokens, _value(operation))


def _put(parent: Any, tokens: Tokens, value: Any) -> None:
    last = tokens[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif last == "-":
        parent.append(value)
    else:
        parent.insert(_index(last, len(parent) + 1, tokens), value)


def _remove(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    del operation
    try:
        _take(holder, tokens)
    except _MissingError:
        return


def _take(holder: dict[str, Any], tokens: Tokens) -> Any:
    if len(tokens) == 1:
        raise PatchError("a JSON patch cannot remove the whole document")
    parent = _parent(holder, tokens)
    _child(parent, tokens[-1], tokens)
    return parent.pop(tokens[-1] if isinstance(parent, dict) else _index(tokens[-1], len(parent), tokens))


def _replace(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    parent, value = _parent(holder, tokens), _value(operation)
    _child(parent, tokens[-1], tokens)
    if isinstance(parent, dict):
        parent[tokens[-1]] = value
    else:
        parent[_index(tokens[-1], len(parent), tokens)] = value


def _move(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    source = tokens_of(operation.get("from"))
    if tokens[: len(source)] == source and len(tokens) > len(source):
        raise PatchError(f"move: {_shown(tokens)} is inside of {_shown(source)}")
    value = _take(holder, source)
    _put(_parent(holder, tokens), tokens, value)


def _copy(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    source = tokens_of(operation.get("from"))
    value = copy.deepcopy(_child(_parent(holder, source), source[-1], source))
    _put(_parent(holder, tokens), tokens, value)


def _test(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    try:
        found = _child(_parent(holder, tokens), tokens[-1], tokens)
    except _MissingError:
        found = None
    if not is_same(found, _value(operation)):
        raise PatchTestError(f"test: the value at {_shown(tokens)} is another")


def _add_strictly(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    _put(_parent(holder, tokens), tokens, _value(operation))


def _remove_strictly(holder: dict[str, Any], tokens: Tokens, operation: Operation) -> None:
    del operation
    _take(holder, tokens)


Operations = dict[str, Callable[[dict[str, Any], Tokens, Operation], None]]
_OPERATIONS: Operations = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


_STRICT: Operations = {**_OPERATIONS, "add": _add_strictly, "remove": _remove_strictly}


class _MissingError(PatchError):
    """Nothing is at the path."""


def _parent(holder: dict[str, Any], tokens: Tokens, *, makes: bool = False) -> Any:
    """The object or list that holds the last part of a path; ``makes``: what is missing on the way."""
    here: Any = holder
    for position, token in enumerate(tokens[:-1]):
        if makes:
            _ensure(here, token, tokens[position + 1], tokens)
        here = _child(here, token, tokens)
    if not isinstance(here, dict | list):
        raise _MissingError(f"nothing can be at {_shown(tokens)}")
    return here


def _child(parent: Any, token: str, tokens: Tokens) -> Any:
    if isinstance(parent, dict) and token in parent:
        return parent[token]
    if isinstance(parent, list):
        return parent[_index(token, len(parent), tokens)]
    raise _MissingError(f"nothing is at {_shown(tokens)}")


def _ensure(parent: Any, token: str, following: str, tokens: Tokens) -> None:
    """Makes what is missing at a part of a path: a list where an index follows, else an object."""
    is_list = following == "-" or following.isdecimal()
    if isinstance(parent, dict):
        if parent.get(token) is None:
            parent[token] = [] if is_list else {}
    elif isinstance(parent, list) and token.isdecimal():
        missing = int(token[:10]) + 1 - len(parent)
        if missing > MOST_PADDING:
            raise PatchError(f"{_shown(tokens)} is too far behind the end of a list")
        parent.extend([None] * missing)
        if parent[int(token)] is None:
            parent[int(token)] = [] if is_list else {}


def _index(token: str, length: int, tokens: Tokens) -> int:
    digits = token.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):  # noqa: PLR2004  # far behind any end
        raise _MissingError(f"{token!r} in {_shown(tokens)} is no index of a list")
    index = int(token) + (length if token.startswith("-") else 0)
    if not 0 <= index < length:
        raise _MissingError(f"the index {token} in {_shown(tokens)} is outside of the list")
    return index


_encode = msgspec.json.Encoder(order="deterministic").encode


def is_same(left: Any, right: Any) -> bool:
    """Whether two documents are equal as JSON: true is not 1, and keys have no order."""
    return left is right or (left == right and _encode(left) == _encode(right))


def find_patch(old: Any, new: Any) -> list[Operation]:
    """Operations that make ``new`` of ``old``, smallest parts first where that is simple."""
    operations: list[Operation] = []
    _find(old, new, "", operations)
    return operations


def _find(old: Any, new: Any, path: str, operations: list[Operation]) -> None:
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        _find_in_maps(old, new, path, operations)
    elif isinstance(old, list) and isinstance(new, list):
        _find_in_lists(old, new, path, operations)
    else:
        operations.append({"op": "replace", "path": path, "value": new})


def _find_in_maps(old: dict[str, Any], new: dict[str, Any], path: str, operations: list[Operation]) -> None:
    operations += [{"op": "remove", "path": f"{path}/{escaped(key)}"} for key in old if key not in new]
    for key, value in new.items():
        inner = f"{path}/{escaped(key)}"
        if key in old:
            _find(old[key], value, inner, operations)
        else:
            operations.append({"op": "add", "path": inner, "value": value})


def _find_in_lists(old: list[Any], new: list[Any], path: str, operations: list[Operation]) -> None:
    """What is equal at both ends stays; between them elements change, come or go."""
    start = _equal(old, new)
    end = min(_equal(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    both = min(len(before), len(after))
    for index in range(both):
        _find(before[index], after[index], f"{path}/{start + index}", operations)
    operations += [{"op": "remove", "path": f"{path}/{start + both}"} for _ in before[both:]]
    operations += [
        {"op": "add", "path": f"{path}/{index}", "value": value}
        for index, value in enumerate(after[both:], start + both)
    ]


def _equal(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many elements are the same from the first on."""
    pairs = zip(old, new, strict=False)
    return next((index for index, pair in enumerate(pairs) if not is_same(*pair)), min(len(old), len(new)))
