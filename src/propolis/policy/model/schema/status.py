"""What is written back about a policy: whether it is in force, and what was made of it.

Facts from the CustomResourceDefinitions of kyverno.io and policies.kyverno.io @ 111e07b; conditions are those
of meta/v1.
"""

from datetime import datetime
from typing import Literal

from propolis.policy.model.cel.policy import ImageValidatingSpec, MutatingSpec, ValidatingSpec
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.struct import ApiStruct


class Condition(ApiStruct, frozen=True):
    """One statement about an object.

    Attributes:
        observed_generation: Of the object, when it was made.
    """

    last_transition_time: datetime
    message: str
    reason: str
    status: Literal["True", "False", "Unknown"]
    type: str
    observed_generation: int | None = None


class RuleCount(ApiStruct, frozen=True):
    """Rules by what they do."""

    generate: int
    mutate: int
    validate: int
    verifyimages: int


class AutogenRules(ApiStruct, frozen=True):
    """Rules that were made for the controllers of pods."""

    rules: tuple[PolicyRule, ...] | None = None


class AdmissionPolicyStatus(ApiStruct, frozen=True):
    """Whether a policy of the API server was made of a policy."""

    generated: bool
    message: str


class PolicyStatus(ApiStruct, frozen=True):
    """Of a ClusterPolicy or Policy."""

    autogen: AutogenRules | None = None
    conditions: tuple[Condition, ...] | None = None
    ready: bool | None = None
    rulecount: RuleCount | None = None
    validatingadmissionpolicy: AdmissionPolicyStatus | None = None


class ScheduleStatus(ApiStruct, frozen=True):
    """Of a cleanup policy."""

    conditions: tuple[Condition, ...] | None = None
    last_execution_time: datetime | None = None


class EntryStatus(ApiStruct, frozen=True):
    """Of a GlobalContextEntry."""

    conditions: tuple[Condition, ...] | None = None
    last_refresh_time: datetime | None = None
    ready: bool | None = None


class ConditionStatus(ApiStruct, frozen=True):
    """Conditions, and what they come to."""

    conditions: tuple[Condition, ...] | None = None
    message: str | None = None
    ready: bool | None = None


class AutogenTarget(ApiStruct, frozen=True):
    """A kind for which something was made."""

    kind: str
    resource: str
    version: str
    group: str | None = None


class ValidatingConfig(ApiStruct, frozen=True):
    """What a policy on pods says of their controllers."""

    spec: ValidatingSpec
    targets: tuple[AutogenTarget, ...]


class MutatingConfig(ApiStruct, frozen=True):
    """What a policy on pods changes of their controllers."""

    spec: MutatingSpec
    targets: tuple[AutogenTarget, ...]


class ImageConfig(ApiStruct, frozen=True):
    """What a policy on the images of pods says of those of their controllers."""

    spec: ImageValidatingSpec
    targets: tuple[AutogenTarget, ...]


class ValidatingAutogen(ApiStruct, frozen=True):
    """By a key that stands for the controllers."""

    configs: dict[str, ValidatingConfig] | None = None


class MutatingAutogen(ApiStruct, frozen=True):
    """By a key that stands for the controllers."""

    configs: dict[str, MutatingConfig] | None = None


class ImageAutogen(ApiStruct, frozen=True):
    """By a key that stands for the controllers."""

    configs: dict[str, ImageConfig] | None = None


class ValidatingStatus(ApiStruct, frozen=True):
    """Of a ValidatingPolicy."""

    autogen: ValidatingAutogen | None = None
    condition_status: ConditionStatus | None = None
    generated: bool | None = None


class MutatingStatus(ApiStruct, frozen=True):
    """Of a MutatingPolicy."""

    autogen: MutatingAutogen | None = None
    condition_status: ConditionStatus | None = None
    generated: bool | None = None


class ImageValidatingStatus(ApiStruct, frozen=True):
    """Of an ImageValidatingPolicy."""

    autogen: ImageAutogen | None = None
    condition_status: ConditionStatus | None = None


class GeneratingStatus(ApiStruct, frozen=True):
    """Of a GeneratingPolicy."""

    condition_status: ConditionStatus | None = None


class DeletingStatus(ApiStruct, frozen=True):
    """Of a DeletingPolicy."""

    condition_status: ConditionStatus | None = None
    last_execution_time: datetime | None = None
