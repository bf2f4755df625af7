"""A fault: one change of a rule's document that a good test should notice."""

from typing import Any

import msgspec

from propolis.policy.engine.explain.trace import Path


class Drop:
    """Stands for: nothing is there any more."""


DROP = Drop()


class Fault(msgspec.Struct, frozen=True):
    """A change at a place.

    Attributes:
        path: Below the rule.
        what: The change in a few words.
        value: What stands there instead; `DROP` for nothing.
        shown_at: The place to tell, where it is another than ``path``.
    """

    path: Path
    what: str
    value: Any
    shown_at: Path = ()

    @property
    def place(self) -> Path:
        """The place to tell."""
        return self.shown_at or self.path


def changed(document: Any, path: Path, value: Any) -> Any:
    """A document with another value at a place; what does not change is shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(document, dict):
        result = dict(document)
        _put(result, str(step), document.get(str(step)), rest, value)
        return result
    items = list(document)
    if isinstance(step, int) and step < len(items):
        if not rest and value is DROP:
            del items[step]
        else:
            items[step] = changed(items[step], rest, value)
    return items


def _put(result: dict[str, Any], key: str, inner: Any, rest: Path, value: Any) -> None:
    if not rest and value is DROP:
        result.pop(key, None)
    else:
        result[key] = changed(inner, rest, value)


def renamed_key(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The same object with another name for a key, in its place."""
    return {new if key == old else key: value for key, value in document.items()}
