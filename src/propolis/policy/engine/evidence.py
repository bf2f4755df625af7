"""Why a rule decided as it did, for people."""

import msgspec

from propolis.core.finding import Evidence


class PatternEvidence(Evidence, frozen=True):
    """Where a resource departs from a pattern.

    Attributes:
        path: ``/spec/containers/0/image/``, as Kyverno writes it.
        value: What is there, as JSON, shortened.
        expected: What the pattern says, as JSON, shortened.
    """

    path: str
    value: str = ""
    expected: str = ""


class DenyEvidence(Evidence, frozen=True):
    """The conditions that refused.

    Attributes:
        conditions: Each that held, as ``key operator value`` with the variables filled in.
    """

    conditions: tuple[str, ...] = ()


class PodSecurityControl(msgspec.Struct, frozen=True):
    """A control that a pod violates.

    Attributes:
        id: Of the check ("hostPorts").
        images: Of the containers that are to blame.
    """

    id: str
    images: tuple[str, ...] = ()


class PodSecurityEvidence(Evidence, frozen=True):
    """The controls of the Pod Security Standards that a pod violates.

    Attributes:
        controls: ``reason: detail`` of each, in the words of the API server.
        level: Of the rule.
        version: Of the rule, as it says it.
        checks: The controls by their ids, as reports have them.
    """

    controls: tuple[str, ...] = ()
    level: str = ""
    version: str = ""
    checks: tuple[PodSecurityControl, ...] = ()


class ExceptionEvidence(Evidence, frozen=True):
    """The exceptions that let a resource off.

    Attributes:
        exceptions: As ``namespace/name``.
    """

    exceptions: tuple[str, ...] = ()


class AssertionEvidence(Evidence, frozen=True):
    """Where a resource disagrees with an assertion.

    Attributes:
        problems: Path, value and what was expected, of each place.
    """

    problems: tuple[str, ...] = ()


class UnsupportedEvidence(Evidence, frozen=True):
    """What the rule asks for that this engine does not do."""

    feature: str


class GoneSourceEvidence(Evidence, frozen=True):
    """What was to be copied is not there, and nothing else is wrong.

    Attributes:
        copies: What it was to be copied to.
    """

    copies: tuple[str, ...] = ()
