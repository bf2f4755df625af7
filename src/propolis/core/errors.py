"""One tree of errors with two sides: the input is wrong, or the world failed.

Both carry what a person needs to act: the place and what was expected, or what was asked of whom
and whether to try again. Only cli and app catch `Error` and print its text.
"""

from dataclasses import dataclass


class Error(Exception):
    """The root: everything that this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a document. Lines and columns count from 1; 0 means unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The place as editors and terminals link it: ``path:line:column``."""
        parts = [self.path or "<input>"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class DocumentError(Error):
    """The input is wrong.

    Attributes:
        message: What is wrong, in one line.
        place: Where.
        expected: What would have been right; empty when the message says it.
    """

    def __init__(self, message: str, place: Place | None = None, expected: str = "") -> None:
        self.message = message
        self.place = place or Place("")
        self.expected = expected
        super().__init__(str(self))

    def __str__(self) -> str:
        """``path:line:column: message; expected ...``; no place where none is known."""
        has_place = self.place.path or self.place.line
        text = f"{self.place}: {self.message}" if has_place else self.message
        return f"{text}; expected {self.expected}" if self.expected else text

    def at(self, place: Place) -> "DocumentError":
        """The same error at another place."""
        return type(self)(self.message, place, self.expected)


class LimitError(DocumentError):
    """The input is larger, deeper or longer than a limit of `core.limits` allows."""


class SourceError(Error):
    """The world failed: a server, a file system, a process.

    Attributes:
        asked: What was asked ("list pods").
        of: Of whom ("https://127.0.0.1:6443").
        answer: What came back.
        try_again: Whether the same call may succeed later.
    """

    def __init__(self, asked: str, of: str, answer: str, *, try_again: bool = False) -> None:
        self.asked = asked
        self.of = of
        self.answer = answer
        self.try_again = try_again
        super().__init__(str(self))

    def __str__(self) -> str:
        """``cannot ASKED of WHOM: ANSWER``, and whether to try again."""
        text = (
            f"cannot {self.asked} ({self.of}): {self.answer}"
            if self.of
            else f"cannot {self.asked}: {self.answer}"
        )
        return f"{text}; try again" if self.try_again else text
