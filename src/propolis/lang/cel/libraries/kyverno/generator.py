"""``generator.apply``: what a policy generates (libs/generator).

Nothing is created: the caller gives each evaluation a `Generator` of its own as the variable ``generator``
and finds there what the expression asked for.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, member
from propolis.lang.cel.library import Library
from propolis.lang.cel.operations.equality import equal
from propolis.lang.cel.types import BOOL, DYN, STRING, Type, list_of, map_of, opaque

GENERATOR_TYPE = opaque("generator.Context")
_OBJECTS = list_of(map_of(STRING, DYN))


class Generator:
    """Keeps what is applied, in order; the same document in the same namespace once.

    Attributes:
        made: Namespaces and documents. Empty namespaces stand for objects of the cluster.
    """

    cel_type: ClassVar[Type] = GENERATOR_TYPE

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []

    def apply(self, namespace: str, documents: list[dict[str, Any]]) -> bool:
        """Notes documents; a list is noted as its items."""
        for document in documents:
            for item in _items(document):
                if not any(namespace == known and equal(item, other) for known, other in self.made):
                    self.made.append((namespace, item))
        return True


def _items(document: Any) -> list[dict[str, Any]]:
    """The items of a list of Kubernetes, each with the kind that the list tells, or the document itself."""
    if not isinstance(document, dict):
        raise EvaluationError("what is to be generated is no object")
    items = document.get("items")
    if not isinstance(items, list):
        return [document]
    told = {"apiVersion": document.get("apiVersion"), "kind": str(document.get("kind", ""))[: -len("List")]}
    kind = {name: text for name, text in told.items() if text}
    return [{**kind, **item} if isinstance(item, dict) else item for item in items]


def generator_library(namespace: str | None = None) -> Library:
    """The library for a policy of the cluster, or for one of a namespace, which names none."""
    if namespace is None:
        return _library("generator_apply_string_list", (STRING, _OBJECTS), Generator.apply)
    return _library(
        "generator_apply_list",
        (_OBJECTS,),
        lambda generator, documents: generator.apply(namespace, documents),
    )


def _library(overload_id: str, arguments: tuple[Type, ...], run: Callable[..., bool]) -> Library:
    taken = (GENERATOR_TYPE, *arguments)
    return Library(
        "kyverno.generator",
        (
            function("apply", member(f"{overload_id}_camel", taken, BOOL, run)),
            function("Apply", member(f"{overload_id}_pascal", taken, BOOL, run)),
        ),
        types={"generator.Context": GENERATOR_TYPE},
    )
