"""Why a rule decided as it did, for people."""

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


class PodSecurityEvidence(Evidence, frozen=True):
    """The controls of the Pod Security Standards that a pod violates.

    Attributes:
        controls: ``reason: detail`` of each, in the words of the API server.
    """

    controls: tuple[str, ...] = ()


class AssertionEvidence(Evidence, frozen=True):
    """Where a resource disagrees with an assertion.

    Attributes:
        problems: Path, value and what was expected, of each place.
    """

    problems: tuple[str, ...] = ()


class UnsupportedEvidence(Evidence, frozen=True):
    """What the rule asks for that this engine does not do."""

    feature: str
