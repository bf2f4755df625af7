"""What ends a verification without a verdict."""


class MessageError(Exception):
    """A message, key or signature cannot be read, or needs what is not at hand."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)
