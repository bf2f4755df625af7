"""The kinds that are ours: names, versions, scope, columns.

Facts from the CustomResourceDefinitions of kyverno.io, policies.kyverno.io and wgpolicyk8s.io @ 111e07b.
"""

from typing import Any, Literal

import msgspec

from propolis.policy.model.cel.exception import CelExceptionSpec
from propolis.policy.model.cel.policy import (
    KYVERNO,
    DeletingSpec,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.cleanup import CleanupSpec
from propolis.policy.model.exception import ExceptionSpec
from propolis.policy.model.global_context import GlobalContextSpec
from propolis.policy.model.policy import Spec
from propolis.policy.model.schema import status
from propolis.policy.model.schema.report import Report
from propolis.policy.model.update_request import UpdateSpec, UpdateStatus

RULES = "kyverno.io"
REPORTS = "wgpolicyk8s.io"
Scope = Literal["Cluster", "Namespaced"]
Column = tuple[str, str, str, int]
"""Name, path, type and priority: 1 for those of ``kubectl get -o wide``."""


class Version(msgspec.Struct, frozen=True):
    """A served version."""

    name: str
    is_deprecated: bool = False


class CustomKind(msgspec.Struct, frozen=True):
    """A kind of objects.

    Attributes:
        versions: The one that is stored first.
        spec: The struct of what its objects say; where ``parts`` is set, of the whole object.
        status: The struct of what is written back; None where nothing is.
        short_name: For ``kubectl get``; empty for none.
        needs_spec: Whether an object without a spec is refused.
        without: Fields that the struct has and the kind has not, as paths with dots.
        defaults: Fields of this kind alone that have a default, by path.
    """

    group: str
    kind: str
    plural: str
    short_name: str
    scope: Scope
    versions: tuple[Version, ...]
    spec: type[msgspec.Struct]
    status: type[msgspec.Struct] | None
    columns: tuple[Column, ...]
    is_whole: bool = False
    needs_spec: bool = True
    categories: tuple[str, ...] = ("kyverno",)
    without: tuple[str, ...] = ()
    defaults: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Of its definition."""
        return f"{self.plural}.{self.group}"


_AGE: Column = ("AGE", ".metadata.creationTimestamp", "date", 0)
_SCHEDULE: tuple[Column, ...] = (("Schedule", ".spec.schedule", "string", 0), ("Age", *_AGE[1:]))
_READY: tuple[Column, ...] = (_AGE, ("READY", ".status.conditionStatus.ready", "string", 0))
_ENTRY: tuple[Column, ...] = (
    _AGE,
    ("REFRESH INTERVAL", ".spec.apiCall.refreshInterval", "string", 0),
    ("LAST REFRESH", ".status.lastRefreshTime", "date", 0),
)
_CONDITION = '.status.conditions[?(@.type == "Ready")]'
_POLICY: tuple[Column, ...] = (
    ("ADMISSION", ".spec.admission", "boolean", 0),
    ("BACKGROUND", ".spec.background", "boolean", 0),
    ("READY", f"{_CONDITION}.status", "string", 0),
    _AGE,
    ("FAILURE POLICY", ".spec.failurePolicy", "string", 1),
    ("VALIDATE", ".status.rulecount.validate", "integer", 1),
    ("MUTATE", ".status.rulecount.mutate", "integer", 1),
    ("GENERATE", ".status.rulecount.generate", "integer", 1),
    ("VERIFY IMAGES", ".status.rulecount.verifyimages", "integer", 1),
    ("MESSAGE", f"{_CONDITION}.message", "string", 0),
)
_REPORT: tuple[Column, ...] = (
    ("Kind", ".scope.kind", "string", 0),
    ("Name", ".scope.name", "string", 0),
    *(
        (word.capitalize(), f".summary.{word}", "integer", 0)
        for word in ("pass", "fail", "warn", "error", "skip")
    ),
    ("Age", *_AGE[1:]),
)

_RESOURCE = ("kind", "name", "namespace")
_V1 = (Version("v1"), Version("v2beta1"))
_V2 = (Version("v2"), Version("v2beta1", is_deprecated=True))
_ENTRIES = (Version("v2beta1"), Version("v2"), Version("v2alpha1", is_deprecated=True))
_NAMESPACED_CEL = (Version("v1beta1"), Version("v1"))
_CEL = (*_NAMESPACED_CEL, Version("v1alpha1", is_deprecated=True))
_ALPHA = (Version("v1alpha2"),)

_IN_PLACE = ("resources", "subjects", "roles", "clusterRoles")
_FILTERED = tuple(f"{one}.{name}" for one in ("match", "exclude") for name in _IN_PLACE)
"""Kinds of version 2 have lists of filters only."""
_MADE = ("generateExisting", "synchronize", "orphanDownstreamOnPolicyDelete")
_ADMITTED = ("autogen.validatingAdmissionPolicy", "autogen.mutatingAdmissionPolicy")


def _evaluation(*names: str) -> tuple[str, ...]:
    return tuple(f"evaluation.{name}" for name in names)


def _switches(**names: bool) -> dict[str, Any]:
    """Defaults of what is switched."""
    return {f"evaluation.{name}.enabled": value for name, value in names.items()}


def _cel(
    name: str, short: str, spec: type[msgspec.Struct], written: type[msgspec.Struct], **more: Any
) -> tuple[CustomKind, CustomKind]:
    """A kind and its namespaced one."""
    plural = f"{name.lower()[:-1]}ies"
    columns = more.pop("columns", _READY)
    return (
        CustomKind(KYVERNO, name, plural, short, "Cluster", _CEL, spec, written, columns, **more),
        CustomKind(
            KYVERNO, f"Namespaced{name}", f"namespaced{plural}", f"n{short}", "Namespaced", _NAMESPACED_CEL,
            spec, written, columns, **more,
        ),
    )  # fmt: skip


KINDS: tuple[CustomKind, ...] = (
    CustomKind(
        RULES, "ClusterPolicy", "clusterpolicies", "cpol", "Cluster", _V1, Spec, status.PolicyStatus, _POLICY
    ),
    CustomKind(RULES, "Policy", "policies", "pol", "Namespaced", _V1, Spec, status.PolicyStatus, _POLICY),
    CustomKind(
        RULES, "ClusterCleanupPolicy", "clustercleanuppolicies", "ccleanpol", "Cluster", _V2, CleanupSpec,
        status.ScheduleStatus, _SCHEDULE, without=_FILTERED,
    ),
    CustomKind(
        RULES, "CleanupPolicy", "cleanuppolicies", "cleanpol", "Namespaced", _V2, CleanupSpec,
        status.ScheduleStatus, _SCHEDULE, without=_FILTERED,
    ),
    CustomKind(
        RULES, "PolicyException", "policyexceptions", "polex", "Namespaced", _V2, ExceptionSpec, None, (),
        without=tuple(f"match.{name}" for name in _IN_PLACE),
    ),
    CustomKind(
        RULES, "GlobalContextEntry", "globalcontextentries", "gctxentry", "Cluster", _ENTRIES,
        GlobalContextSpec, status.EntryStatus, _ENTRY,
    ),
    *_cel(
        "ValidatingPolicy", "vpol", ValidatingSpec, status.ValidatingStatus,
        without=(
            *_evaluation("mutateExisting", *_MADE, "skipBackgroundRequests", "useServerSideApply"),
            "matchConstraints.expression", _ADMITTED[1],
        ),
        defaults=_switches(admission=True, background=True),
    ),
    *_cel(
        "MutatingPolicy", "mpol", MutatingSpec, status.MutatingStatus,
        without=(*_evaluation(*_MADE), "matchConstraints.expression", _ADMITTED[0]),
        defaults=_switches(admission=True, background=True, mutateExisting=False),
    ),
    *_cel(
        "GeneratingPolicy", "gpol", GeneratingSpec, status.GeneratingStatus, columns=(_AGE,),
        without=(
            *_evaluation("mode", "background", "mutateExisting", "useServerSideApply"),
            "matchConstraints.expression",
        ),
        defaults=_switches(
            admission=True, generateExisting=False, synchronize=False, orphanDownstreamOnPolicyDelete=False
        ),
    ),
    *_cel(
        "DeletingPolicy", "dpol", DeletingSpec, status.DeletingStatus,
        without=("matchConstraints.expression",),
    ),
    *_cel(
        "ImageValidatingPolicy", "ivpol", ImageValidatingSpec, status.ImageValidatingStatus,
        without=(
            *_evaluation("mutateExisting", *_MADE, "skipBackgroundRequests", "useServerSideApply"),
            "matchConstraints.expression", *_ADMITTED,
        ),
        defaults=_switches(admission=True, background=True),
    ),
    CustomKind(
        KYVERNO, "PolicyException", "policyexceptions", "", "Namespaced", _CEL, CelExceptionSpec, None, (),
        categories=(),
    ),
    CustomKind(
        REPORTS, "ClusterPolicyReport", "clusterpolicyreports", "cpolr", "Cluster", _ALPHA, Report, None,
        _REPORT, is_whole=True, categories=(),
    ),
    CustomKind(
        REPORTS, "PolicyReport", "policyreports", "polr", "Namespaced", _ALPHA, Report, None, _REPORT,
        is_whole=True, categories=(),
    ),
)  # fmt: skip
"""Every kind that people write or read. Ephemeral reports are Kyverno's own state: nothing needs them."""
_REQUESTED: tuple[Column, ...] = (
    ("Policy", ".spec.policy", "string", 0),
    ("RuleType", ".spec.requestType", "string", 0),
    *((f"Resource{word.capitalize()}", f".spec.resource.{word}", "string", 0) for word in _RESOURCE),
    ("status", ".status.state", "string", 0),
    ("Age", *_AGE[1:]),
)
STATE: tuple[CustomKind, ...] = (
    CustomKind(
        RULES, "UpdateRequest", "updaterequests", "ur", "Namespaced",
        (Version("v2"),), UpdateSpec,
        UpdateStatus, _REQUESTED, needs_spec=False,
    ),
)  # fmt: skip
"""What admission leaves for the operator."""
