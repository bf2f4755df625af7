"""A check of the configuration audit, and the fault that it finds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from propolis.compliance.model.pod import ContainerView, PodView
from propolis.core.evaluation import LookupKey
from propolis.core.finding import Evidence, Rule
from propolis.core.resource import Resource


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, where, and what to change.

    Attributes:
        problem: What follows from it, as the rest of a sentence about the container, the pod or
            the resource ("may gain more privileges than it started with").
        path: The field, from the root of the document.
        found: What stands there; ``not set`` where nothing does. Never a secret.
        advice: What to do about the field ("set it to false").
    """

    problem: str
    path: str
    found: str
    advice: str

    @property
    def text(self) -> str:
        """One sentence: problem, place, advice."""
        return f"{self.problem}: {self.path} is {self.found}; {self.advice}"


class ConfigEvidence(Evidence, frozen=True):
    """The field behind a finding of the configuration audit.

    Attributes:
        path: From the root of the document.
        found: What stands there; never a secret.
        container: The container's name; empty for the pod or the resource.
    """

    path: str
    found: str
    container: str = ""


JudgeContainer: TypeAlias = Callable[[ContainerView, PodView], Fault | None]
JudgePod: TypeAlias = Callable[[PodView], Fault | None]
JudgeResource: TypeAlias = Callable[[Resource], Fault | None]
AskForPod: TypeAlias = Callable[[PodView], LookupKey | None]
JudgeWithAnswer: TypeAlias = Callable[[PodView, Any], Fault | None]


@dataclass(frozen=True, slots=True)
class ContainerCheck:
    """Judges each container of a workload.

    Attributes:
        with_ephemeral: Whether ephemeral containers count; they cannot have resources or ports.
    """

    rule: Rule
    judge: JudgeContainer
    with_ephemeral: bool = True


@dataclass(frozen=True, slots=True)
class PodCheck:
    """Judges the pod that a workload makes."""

    rule: Rule
    judge: JudgePod


@dataclass(frozen=True, slots=True)
class LookupCheck:
    """Judges the pod that a workload makes together with something else of the cluster.

    Attributes:
        asks: What must be known for this pod; None when the pod says enough.
        judge: Gets the value of the answer; None when nothing was asked or nothing is there.
    """

    rule: Rule
    asks: AskForPod
    judge: JudgeWithAnswer


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """Judges resources of some kinds as a whole.

    Attributes:
        kinds: Pairs of API group and kind.
    """

    rule: Rule
    kinds: tuple[tuple[str, str], ...]
    judge: JudgeResource


Check: TypeAlias = ContainerCheck | PodCheck | LookupCheck | ResourceCheck
