"""The name of a kind in paths: ``Deployment`` is ``deployments``, ``NetworkPolicy`` is ``networkpolicies``.

Follows ``UnsafeGuessKindToResource`` of kubernetes/apimachinery; a CustomResourceDefinition states it.
"""

from collections.abc import Iterable

from propolis.core.resource import Document

_UNCHANGED = ("endpoints",)


def plural_of(kind: str) -> str:
    """What a kind is called in paths, where nothing else defines it."""
    name = kind.lower()
    if name in _UNCHANGED:
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


class Plurals:
    """Names in paths, those of some definitions first."""

    def __init__(self, definitions: Iterable[Document] = ()) -> None:
        self._defined: dict[tuple[str, str], str] = {}
        for document in definitions:
            spec = document.get("spec")
            names = spec.get("names") if isinstance(spec, dict) else None
            is_definition = document.get("kind") == "CustomResourceDefinition"
            if is_definition and isinstance(spec, dict) and isinstance(names, dict):
                key = (str(spec.get("group")), str(names.get("kind")))
                self._defined[key] = str(names.get("plural"))

    def of(self, group: str, kind: str) -> str:
        """The name of a kind of a group."""
        return self._defined.get((group, kind)) or plural_of(kind)
