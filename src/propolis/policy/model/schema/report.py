"""What a policy report says, as far as an API server is to know it.

Facts from kubernetes-sigs/wg-policy-prototypes policyreport/v1alpha2.
"""

from typing import Annotated, Literal

import msgspec

from propolis.policy.model.schema.selectors import LabelSelector, ObjectReference
from propolis.policy.model.struct import ApiStruct

Int32 = Annotated[int, msgspec.Meta(extra={"format": "int32"})]
Int64 = Annotated[int, msgspec.Meta(extra={"format": "int64"})]


class Timestamp(ApiStruct, frozen=True):
    """A point in time since 1970."""

    nanos: Int32
    seconds: Int64


class ReportResult(ApiStruct, frozen=True):
    """What one rule says of resources."""

    policy: str
    category: str | None = None
    message: str | None = None
    properties: dict[str, str] | None = None
    resource_selector: LabelSelector | None = None
    resources: tuple[ObjectReference, ...] | None = None
    result: Literal["pass", "fail", "warn", "error", "skip"] | None = None
    rule: str | None = None
    scored: bool | None = None
    severity: Literal["critical", "high", "low", "medium", "info"] | None = None
    source: str | None = None
    timestamp: Timestamp | None = None


class ReportSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many results of each outcome there are."""

    error: int = 0
    fail: int = 0
    passed: int = msgspec.field(default=0, name="pass")
    skip: int = 0
    warn: int = 0


class Report(ApiStruct, frozen=True):
    """What policies say of a resource, or of those of a namespace."""

    results: tuple[ReportResult, ...] | None = None
    scope: ObjectReference | None = None
    scope_selector: LabelSelector | None = None
    summary: ReportSummary | None = None
