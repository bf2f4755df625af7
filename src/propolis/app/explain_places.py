"""Lines and columns for the nodes of explanations, from the files that were read."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from propolis.cluster.files import read_file
from propolis.core.errors import Error, Place
from propolis.core.limits import DEFAULT
from propolis.core.resource import Origin
from propolis.lang.yaml.position_index import PositionIndex
from propolis.policy.engine.explain.explanation import RuleExplanation
from propolis.policy.engine.explain.trace import Node
from propolis.policy.sources import pack
from propolis.reports.render.policy_explain import ExplainedResource


class PlaceBook:
    """Places of documents, each file read once more when the first place in it is asked for.

    Args:
        stdin: What standard input held.
        stdin_name: The path that its documents have.
    """

    def __init__(self, stdin: bytes, stdin_name: str) -> None:
        self._stdin = stdin
        self._stdin_name = stdin_name
        self._data: dict[str, bytes | None] = {}
        self._indexes: dict[Origin, PositionIndex | None] = {}

    def place(self, origin: Origin, path: tuple[str | int, ...]) -> Place:
        """Where a field of a document stands; the document's line where the file is gone."""
        if origin not in self._indexes:
            data = self._read(origin.path)
            self._indexes[origin] = None if data is None else PositionIndex(data, origin.line)
        index = self._indexes[origin]
        if index is None:
            return Place(origin.path, origin.line)
        return Place(origin.path, *index.at(path))

    def _read(self, path: str) -> bytes | None:
        if path not in self._data:
            self._data[path] = self._stdin if path == self._stdin_name else _content(path)
        return self._data[path]


def _content(path: str) -> bytes | None:
    built_in = pack.content(path)
    if built_in is not None:
        return built_in
    try:
        return read_file(Path(path), DEFAULT)
    except Error:
        return None


def placed(one: ExplainedResource, origins: Mapping[str, Origin], book: PlaceBook) -> ExplainedResource:
    """The explanations of a resource with the places of their nodes."""
    resource = one.resource.origin
    rules = tuple(_rule(rule, origins[rule.policy], resource, book) for rule in one.rules)
    return msgspec.structs.replace(one, rules=rules)


def _rule(rule: RuleExplanation, policy: Origin, resource: Origin, book: PlaceBook) -> RuleExplanation:
    nodes = tuple(_node(node, policy, resource, book) for node in rule.nodes)
    return msgspec.structs.replace(rule, nodes=nodes, place=book.place(policy, rule.base))


def _node(node: Node, policy: Origin, resource: Origin, book: PlaceBook) -> Node:
    found_at = None if node.target is None else book.place(resource, node.target)
    return msgspec.structs.replace(
        node,
        place=node.place or book.place(policy, node.source),
        found_at=found_at,
        children=tuple(_node(child, policy, resource, book) for child in node.children),
    )
