"""Parts of a document as structs, every error with its place."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Origin

T = TypeVar("T")

_UNKNOWN = re.compile("unknown field `(.+)`$")

Locate = Callable[[tuple[str | int, ...]], tuple[int, int]]
"""Line and column, counted from 1, of the value at a path of keys and indexes."""


class Reader:
    """Converts parts of one document and gives every error its place."""

    def __init__(self, origin: Origin, locate: Locate | None) -> None:
        self._origin = origin
        self._locate = locate

    def wrong(self, message: str, path: tuple[str | int, ...], expected: str = "") -> DocumentError:
        """The error at a path; the line is that of the path where it is known, else the document's."""
        line, column = self._locate(path) if self._locate else (self._origin.line, 0)
        return DocumentError(f"{dotted(path)}: {message}", Place(self._origin.path, line, column), expected)

    def map(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        """The value if it is an object. Raises `DocumentError`."""
        if not isinstance(value, dict):
            raise self.wrong("this is not an object", path, "an object")
        return value

    def text(self, value: Any, path: tuple[str | int, ...]) -> str:
        """The value if it is a text that is not empty. Raises `DocumentError`."""
        if not isinstance(value, str) or not value:
            raise self.wrong("this is not a name", path, "text")
        return value

    def only(self, value: dict[str, Any], known: set[str], path: tuple[str | int, ...]) -> None:
        """Raises `DocumentError` for a key that is none of some."""
        for key in value.keys() - known:
            raise self.wrong("unknown field", (*path, key), ", ".join(sorted(known)))

    def convert(self, value: Any, kind: type[T], path: tuple[str | int, ...]) -> T:
        """The value as a struct.

        Raises:
            DocumentError: At the innermost path that msgspec names.
        """
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `")
            inner = [
                int(part) if part.isdecimal() else part
                for part in re.findall(r"[^.\[\]$`]+", where.replace("[...]", ".*"))
            ]
            unknown = _UNKNOWN.search(message)
            raise self.wrong(message, (*path, *inner, *(unknown.groups() if unknown else ()))) from None


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as people write it: ``spec.rules[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) or part == "*" else f".{part}"
    return text.lstrip(".")
