"""PolicyException: resources that some rules let off."""

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Origin
from propolis.policy.model.conditions import AnyAllConditions
from propolis.policy.model.match import MatchResources
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.validation import PodSecurityExclusion

KIND = "PolicyException"


class ExceptedRules(ApiStruct, frozen=True):
    """A policy (``name`` or ``namespace/name``) and rules of it; names of rules may have wildcards."""

    policy_name: str
    rule_names: tuple[str, ...] = ()


class ExceptionSpec(ApiStruct, frozen=True):
    """Which resources, under which conditions, are let off from what."""

    match: MatchResources
    exceptions: tuple[ExceptedRules, ...]
    background: bool | None = None
    conditions: AnyAllConditions | None = None
    pod_security: tuple[PodSecurityExclusion, ...] | None = None


class PolicyException(msgspec.Struct, frozen=True):
    """An exception and where it stands."""

    name: str
    namespace: str
    spec: ExceptionSpec
    origin: Origin = Origin("")

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def is_exception(document: Document) -> bool:
    """Whether a document is an exception that `parse_exception` reads."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    return group == "kyverno.io" and document.get("kind") == KIND


def parse_exception(document: Document, origin: Origin = Origin("")) -> PolicyException:  # noqa: B008  # frozen
    """Parses one exception.

    Raises:
        DocumentError: It is none, or has unknown fields or wrong shapes.
    """
    place = Place(origin.path, origin.line)
    if not is_exception(document):
        raise DocumentError("this is not a policy exception", place, "a PolicyException of kyverno.io")
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    try:
        spec = msgspec.convert(document.get("spec"), ExceptionSpec)
    except msgspec.ValidationError as error:
        raise DocumentError(f"spec: {error}", place) from None
    return PolicyException(str(fields.get("name", "")), str(fields.get("namespace") or ""), spec, origin)
