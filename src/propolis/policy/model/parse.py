"""Document to `Policy`. Every error names the file and line of the document and the path in it."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Origin
from propolis.policy.model.check import check_rule
from propolis.policy.model.policy import Policy, Spec
from propolis.policy.model.rule import PolicyRule

T = TypeVar("T")

KINDS = ("ClusterPolicy", "Policy")
GROUP = "kyverno.io"

_UNKNOWN = re.compile("unknown field `(.+)`$")

Locate = Callable[[tuple[str | int, ...]], tuple[int, int]]
"""Line and column, counted from 1, of the value at a path of keys and indexes."""


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
    reader = _Reader(origin, locate)
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


def _rules(reader: "_Reader", found: Any) -> tuple[PolicyRule, ...]:
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


class _Reader:
    """Converts parts of one document and gives every error its place."""

    def __init__(self, origin: Origin, locate: Locate | None) -> None:
        self._origin = origin
        self._locate = locate

    def wrong(self, message: str, path: tuple[str | int, ...], expected: str = "") -> DocumentError:
        """The error at a path; the line is that of the path where it is known, else the document's."""
        line, column = self._locate(path) if self._locate else (self._origin.line, 0)
        return DocumentError(f"{_dotted(path)}: {message}", Place(self._origin.path, line, column), expected)

    def map(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong("this is not an object", path, "an object")
        return value

    def text(self, value: Any, path: tuple[str | int, ...]) -> str:
        if not isinstance(value, str) or not value:
            raise self.wrong("this is not a name", path, "text")
        return value

    def only(self, value: dict[str, Any], known: set[str], path: tuple[str | int, ...]) -> None:
        for key in value.keys() - known:
            raise self.wrong("unknown field", (*path, key), ", ".join(sorted(known)))

    def convert(self, value: Any, kind: type[T], path: tuple[str | int, ...]) -> T:
        """The value as a struct.

        Raises:
            DocumentError: At the innermost path that msgspec names.
        """
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `")
            inner = [
                int(part) if part.isdecimal() else part
                for part in re.findall(r"[^.\[\]$`]+", where.replace("[...]", ".*"))
            ]
            unknown = _UNKNOWN.search(message)
            raise self.wrong(message, (*path, *inner, *(unknown.groups() if unknown else ()))) from None


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) or part == "*" else f".{part}"
    return text.lstrip(".")
