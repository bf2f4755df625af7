"""What can be wrong with an expression or its evaluation."""

from propolis.core.errors import DocumentError


class ExpressionError(DocumentError):
    """The expression cannot be parsed, or cannot be evaluated on this value."""


class NotFoundError(ExpressionError):
    """The expression ends at a key that the value does not have.

    Attributes:
        key: The missing key.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f'Unknown key "{key}" in path')
