"""What can be wrong with an expression, and with an evaluation."""

from propolis.core.errors import DocumentError


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
