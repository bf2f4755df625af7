"""What was seen of a cluster, and what could not be seen."""

import msgspec

from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error
from propolis.core.resource import Resource


class Observation(msgspec.Struct, frozen=True):
    """Resources in the order in which they were read, and the problems met on the way."""

    resources: tuple[Resource, ...] = ()
    problems: tuple[Problem, ...] = ()


def problem_of(error: Error) -> Problem:
    """An error as an entry of an observation: the rest goes on."""
    return Problem("document" if isinstance(error, DocumentError) else "source", str(error))
