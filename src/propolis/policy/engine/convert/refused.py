"""Why a part of a policy has no translation."""


class Refused(Exception):  # noqa: N818  # no error: the answer to a question
    """A part of a policy that is not translated, and the reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
