"""Document to `Policy`. Every error names the file and line of the document and the path in it."""

from typing import Any

import msgspec

from propolis.core.resource import Document, Origin
from propolis.policy.model.check import check_rule
from propolis.policy.model.policy import Policy, Spec
from propolis.policy.model.reader import Locate, Reader
from propolis.policy.model.rule import PolicyRule

KINDS = ("ClusterPolicy", "Policy")
GROUP = "kyverno.io"


def is_policy(document: Document) -> bool:
    """Whether a document is a policy that `parse_policy` reads."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    return group == GROUP and document.get("kind") in KINDS


def parse_policy(document: Document, origin: Origin = Origin(""), locate: Locate | None = None) -> Policy:  # noqa: B008  # frozen
    """Parses one policy.

    Raises:
        DocumentError: It is no policy, has unknown fields or wrong shapes, or a rule that says
            nothing or too much.
    """
    reader = Reader(origin, locate)
    if not is_policy(document):
        raise reader.wrong("this is not a policy", ("kind",), "a ClusterPolicy or Policy of kyverno.io")
    reader.only(document, {"apiVersion", "kind", "metadata", "spec", "status"}, ())
    metadata = reader.map(document.get("metadata"), ("metadata",))
    spec = reader.map(document.get("spec"), ("spec",))
    rules = _rules(reader, spec.get("rules"))
    settings = reader.convert({**spec, "rules": []}, Spec, ("spec",))
    return Policy(
        kind=document["kind"],
        name=reader.text(metadata.get("name"), ("metadata", "name")),
        namespace=str(metadata.get("namespace") or "") if document["kind"] == "Policy" else "",
        labels=reader.convert(metadata.get("labels") or {}, dict[str, str], ("metadata", "labels")),
        annotations=reader.convert(
            metadata.get("annotations") or {}, dict[str, str], ("metadata", "annotations")
        ),
        spec=msgspec.structs.replace(settings, rules=rules),
        origin=origin,
    )


def _rules(reader: Reader, found: Any) -> tuple[PolicyRule, ...]:
    if not isinstance(found, list) or not found:
        raise reader.wrong("the policy has no rules", ("spec", "rules"), "a list of rules")
    rules = []
    names: set[str] = set()
    for index, item in enumerate(found):
        path = ("spec", "rules", index)
        rule = reader.convert(item, PolicyRule, path)
        if rule.name in names:
            raise reader.wrong(f"two rules are called {rule.name!r}", (*path, "name"), "a name of its own")
        names.add(rule.name)
        problem = check_rule(rule)
        if problem:
            raise reader.wrong(problem.message, (*path, *problem.path), problem.expected)
        rules.append(rule)
    return tuple(rules)
