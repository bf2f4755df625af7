"""Document to `CelPolicy`, `CelException` or `Binding`. Every error names file, line, column and path."""

from typing import Any

from propolis.core.resource import Document, Origin
from propolis.policy.model.cel.binding import BINDING_KINDS, Binding, BindingSpec
from propolis.policy.model.cel.check import check_policy
from propolis.policy.model.cel.exception import CelException, CelExceptionSpec
from propolis.policy.model.cel.policy import (
    KUBERNETES,
    KYVERNO,
    CelPolicy,
    CelSpec,
    DeletingSpec,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.reader import Locate, Reader

_KYVERNO_SPECS: dict[str, type[CelSpec]] = {
    "ValidatingPolicy": ValidatingSpec,
    "MutatingPolicy": MutatingSpec,
    "GeneratingPolicy": GeneratingSpec,
    "DeletingPolicy": DeletingSpec,
    "ImageValidatingPolicy": ImageValidatingSpec,
}
SPECS: dict[tuple[str, str], type[CelSpec]] = {
    **{(KYVERNO, kind): spec for kind, spec in _KYVERNO_SPECS.items()},
    **{(KYVERNO, f"Namespaced{kind}"): spec for kind, spec in _KYVERNO_SPECS.items()},
    (KUBERNETES, "ValidatingAdmissionPolicy"): ValidatingSpec,
    (KUBERNETES, "MutatingAdmissionPolicy"): MutatingSpec,
}
"""Group and kind of each policy, and the struct of what it says."""

_PARTS = {"apiVersion", "kind", "metadata", "spec", "status"}


def _identity(document: Document) -> tuple[str, str]:
    group, slash, _ = str(document.get("apiVersion", "")).partition("/")
    return (group if slash else "", str(document.get("kind")))


def is_cel_policy(document: Document) -> bool:
    """Whether a document is one that `parse_cel_policy` reads."""
    return _identity(document) in SPECS


def is_cel_exception(document: Document) -> bool:
    """Whether a document is one that `parse_cel_exception` reads."""
    return _identity(document) == (KYVERNO, "PolicyException")


def is_binding(document: Document) -> bool:
    """Whether a document is one that `parse_binding` reads."""
    group, kind = _identity(document)
    return group == KUBERNETES and kind in BINDING_KINDS


def parse_cel_policy(
    document: Document,
    origin: Origin = Origin(""),  # noqa: B008  # frozen
    locate: Locate | None = None,
) -> CelPolicy:
    """Parses one policy. Its expressions are compiled by the engine, not here.

    Raises:
        DocumentError: It is no policy, has unknown fields or wrong shapes, or says what its kind cannot.
    """
    reader = Reader(origin, locate)
    group, kind = identity = _identity(document)
    if identity not in SPECS:
        expected = f"a kind of {KYVERNO} or {KUBERNETES}"
        raise reader.wrong("this is no policy in CEL", ("kind",), expected)
    metadata = _metadata(document, reader)
    policy = CelPolicy(
        group=group,
        kind=kind,
        name=reader.text(metadata.get("name"), ("metadata", "name")),
        spec=reader.convert(document.get("spec"), SPECS[identity], ("spec",)),
        namespace=str(metadata.get("namespace") or "default") if kind.startswith("Namespaced") else "",
        labels=reader.convert(metadata.get("labels") or {}, dict[str, str], ("metadata", "labels")),
        annotations=reader.convert(
            metadata.get("annotations") or {}, dict[str, str], ("metadata", "annotations")
        ),
        origin=origin,
    )
    problem = check_policy(policy)
    if problem is not None:
        raise reader.wrong(problem.message, ("spec", *problem.path), problem.expected)
    return policy


def parse_cel_exception(
    document: Document,
    origin: Origin = Origin(""),  # noqa: B008  # frozen
    locate: Locate | None = None,
) -> CelException:
    """Parses one exception.

    Raises:
        DocumentError: It is none, has unknown fields or wrong shapes, or lets no policy off.
    """
    reader = Reader(origin, locate)
    metadata = _metadata(document, reader)
    spec = reader.convert(document.get("spec"), CelExceptionSpec, ("spec",))
    if not spec.policy_refs:
        raise reader.wrong("no policy is named", ("spec", "policyRefs"), "at least one kind and name")
    return CelException(
        reader.text(metadata.get("name"), ("metadata", "name")),
        str(metadata.get("namespace") or ""),
        spec,
        reader.convert(metadata.get("labels") or {}, dict[str, str], ("metadata", "labels")),
        origin,
    )


def parse_binding(
    document: Document,
    origin: Origin = Origin(""),  # noqa: B008  # frozen
    locate: Locate | None = None,
) -> Binding:
    """Parses one binding.

    Raises:
        DocumentError: It is none, has unknown fields or wrong shapes, or both a name and a selector.
    """
    reader = Reader(origin, locate)
    metadata = _metadata(document, reader)
    spec = reader.convert(document.get("spec"), BindingSpec, ("spec",))
    ref = spec.param_ref
    if ref is not None and (ref.name is None) == (ref.selector is None):
        raise reader.wrong("paramRef finds nothing", ("spec", "paramRef"), "one of name and selector")
    name = reader.text(metadata.get("name"), ("metadata", "name"))
    return Binding(str(document.get("kind")), name, spec, origin)


def _metadata(document: Document, reader: Reader) -> dict[str, Any]:
    reader.only(document, _PARTS, ())
    return reader.map(document.get("metadata"), ("metadata",))
