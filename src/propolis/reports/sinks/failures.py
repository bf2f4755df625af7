"""What a failed write of a report asks for."""

import enum

from propolis.cluster.api_client import RefusedError
from propolis.core.errors import Error, LimitError

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _TIMEOUT = 401, 403, 404, 409, 408


class Failure(enum.Enum):
    """What to do."""

    AGAIN = "again"
    """Busy, broken, or nothing there that takes reports yet."""
    GONE = "gone"
    """The namespace is gone or going: there is nothing to report on."""
    REFUSED = "refused"
    """This report as it is, or these credentials: asking again at once is of no use."""


def failure_of(error: Error) -> Failure:
    """What the error of a write asks for."""
    if isinstance(error, LimitError):
        return Failure.REFUSED
    if not isinstance(error, RefusedError):
        return Failure.AGAIN
    text = error.answer
    if error.status == _NOT_FOUND:
        return Failure.GONE if 'namespaces "' in text else Failure.AGAIN
    if error.status == _FORBIDDEN and "is being terminated" in text:
        return Failure.GONE
    if error.try_again or error.status in (_UNAUTHORIZED, _CONFLICT, _TIMEOUT):
        return Failure.AGAIN
    return Failure.REFUSED
