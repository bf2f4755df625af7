"""What can be wrong with an expression, and with an evaluation."""

from propolis.core.errors import DocumentError, Place

_LONGEST_LINE = 160


class CelError(DocumentError):
    """An expression that cannot be used: its place is the line and column within the expression."""


class CelSyntaxError(CelError):
    """It cannot be parsed."""


class CelTypeError(CelError):
    """It cannot be right for any value: an unknown name, no matching overload."""


class EvaluationError(Exception):
    """An evaluation without a value; ``&&``, ``||`` and the ternary may absorb it."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class CostError(EvaluationError):
    """The evaluation would cost more than it may; nothing absorbs it."""


def place_of(text: str, offset: int) -> Place:
    """Line and column, from 1, of a code point of an expression."""
    before = text[:offset]
    return Place("", before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def pointed(message: str, text: str, offset: int) -> str:
    """A message with the line that it is about and a caret below its place."""
    place = place_of(text, offset)
    line = text.split("\n")[place.line - 1].replace("\t", " ")
    skipped = max(0, place.column - _LONGEST_LINE // 2)
    shown = line[skipped : skipped + _LONGEST_LINE]
    return f"{message}\n | {shown}\n | {'.' * (place.column - 1 - skipped)}^"
