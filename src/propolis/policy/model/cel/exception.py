"""PolicyException of policies.kyverno.io: resources that CEL policies let off, until a date.

Facts from the CustomResourceDefinition of policies.kyverno.io PolicyException @ 111e07b.
"""

from datetime import datetime
from typing import Literal

import msgspec

from propolis.core.resource import Origin
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.struct import ApiStruct


class PolicyRef(ApiStruct, frozen=True):
    """A policy by kind and name."""

    kind: str
    name: str


class CelExceptionSpec(ApiStruct, frozen=True):
    """Which policies let off what: resources, or only some images or values of them.

    Attributes:
        images: Patterns of images that expressions see as ``exceptions.allowedImages``.
        allowed_values: Values that they see as ``exceptions.allowedValues``.
        report_result: Outcome of a rule that lets a resource off.
    """

    policy_refs: tuple[PolicyRef, ...]
    match_conditions: tuple[NamedExpression, ...] | None = None
    images: tuple[str, ...] | None = None
    allowed_values: tuple[str, ...] | None = None
    report_result: Literal["skip", "pass"] | None = None
    expires_at: datetime | None = None
    evaluation_mode: str | None = None
    properties: dict[str, str] | None = None


class CelException(msgspec.Struct, frozen=True):
    """An exception and where it stands."""

    name: str
    namespace: str
    spec: CelExceptionSpec
    labels: dict[str, str] = {}
    origin: Origin = Origin("")

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name
