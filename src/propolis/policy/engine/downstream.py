"""What a generate rule does about one resource: creates it, brings it back, deletes it."""

from collections.abc import Iterator

import msgspec

from propolis.core.resource import Document, ResourceRef
from propolis.lang.json_patch import is_same
from propolis.policy.engine.context import Context
from propolis.policy.engine.generated_labels import labelled
from propolis.policy.engine.targets import ask_resources
from propolis.policy.model.action import Create, Delete, PolicyAction, Update


class Maker(msgspec.Struct, frozen=True):
    """The rule on whose behalf something is made.

    Attributes:
        on_delete: Whether the deletion of a trigger is what the rule waits for.
    """

    policy: str
    namespace: str
    rule: str
    synchronizes: bool = False
    applies: bool = False
    on_delete: bool = False

    @property
    def label(self) -> str:
        """``policy/rule``, as actions name it."""
        return (
            f"{self.namespace}/{self.policy}/{self.rule}" if self.namespace else f"{self.policy}/{self.rule}"
        )


class Target(msgspec.Struct, frozen=True):
    """What is to be there."""

    ref: ResourceRef
    content: Document


_OWNED = ("uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion", "generation")
"""Metadata that the API server gives."""


def copied(source: Document, ref: ResourceRef) -> Document:
    """A resource without what belongs to this one alone; owners stay behind when the copy is elsewhere."""
    metadata = source.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    left = {*_OWNED, *(("ownerReferences",) if fields.get("namespace") != ref.namespace else ())}
    kept = {key: value for key, value in fields.items() if key not in left}
    return {**{key: value for key, value in source.items() if key != "status"}, "metadata": kept}


def upkeep(context: Context, target: Target, trigger: Document, maker: Maker) -> Iterator[PolicyAction]:
    """Creates what is not there; brings back what differs where the rule synchronizes."""
    ref = target.ref
    metadata = target.content.get("metadata")
    fields = {**(metadata if isinstance(metadata, dict) else {}), "name": ref.name}
    if ref.namespace:
        fields["namespace"] = ref.namespace
    content = {**target.content, "apiVersion": ref.api_version, "kind": ref.kind, "metadata": fields}
    document = labelled(content, trigger, maker.policy, maker.namespace, maker.rule)
    found = _existing(context, ref)
    reason = f"{maker.label} generates it"
    if found is None:
        yield Create(ref, reason, (maker.label,), document, maker.applies)
    elif maker.synchronizes and _differs(found, document):
        yield Update(ref, reason, (maker.label,), document, maker.applies)


def removal(context: Context, ref: ResourceRef, maker: Maker) -> Iterator[PolicyAction]:
    """Deletes what the rule made for a trigger that goes, and nothing that others made."""
    found = _existing(context, ref)
    if found is not None and is_made_by(found, maker):
        yield Delete(ref, f"{maker.label} generated it for what is gone", (maker.label,))


def is_made_by(document: Document, maker: Maker) -> bool:
    """Whether the labels of a resource say that a rule made it."""
    metadata = document.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    wanted = labelled({}, {}, maker.policy, maker.namespace, maker.rule)["metadata"]["labels"]
    names = [key for key in wanted if key.endswith(("policy-name", "policy-namespace", "rule-name"))]
    return isinstance(labels, dict) and all(labels.get(name) == wanted[name] for name in names)


def _existing(context: Context, ref: ResourceRef) -> Document | None:
    found = ask_resources(context, (ref.api_version, ref.kind, ref.namespace, ref.name, ""))
    return found[0] if found else None


def _differs(found: Document, wanted: Document) -> bool:
    """Whether content differs, or labels and annotations lack something."""
    keys = ({*found, *wanted}) - {"metadata", "status", "apiVersion", "kind"}
    if any(not is_same(found.get(key), wanted.get(key)) for key in keys):
        return True
    there = found.get("metadata")
    fields = there if isinstance(there, dict) else {}
    return any(
        (fields.get(field) or {}).get(key) != text
        for field in ("labels", "annotations")
        for key, text in (wanted["metadata"].get(field) or {}).items()
    )
