"""Assertion trees: every leaf with what it wants and what is there; errors are the engine's."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.policy.engine.assertion import ENTRY, compile_assertion, is_agreed, payload_of
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import (
    ERROR,
    MET,
    UNMET,
    Budget,
    Node,
    Path,
    Traced,
    brief,
    outcome_word,
)
from propolis.policy.engine.validate import Message


def trace_assertion(tree: Any, context: RecordingContext, source: Path, budget: Budget) -> Traced:
    """An assertion rule."""
    found = compile_assertion(tree, Message("", ""))(context, None)
    if found is not None and found.outcome is Outcome.ERROR:
        return Traced(Outcome.ERROR, (Node("assert", "", ERROR, note=found.message, source=source),))
    nodes: list[Node] = []
    walk = _Walk(context, budget)
    walk.value(tree, payload_of(context), source, None, nodes)
    context.record.taken()
    word = MET if walk.is_met else UNMET
    outcome = Outcome.PASS if walk.is_met else Outcome.FAIL
    return Traced(outcome, (Node("assert", "", word, source=source, children=tuple(nodes)),))


class _Walk:
    """One walk over a tree; all leaves, whether those before them agree or not."""

    def __init__(self, context: RecordingContext, budget: Budget) -> None:
        self._environment = context.environment
        self._budget = budget
        self.is_met = True

    def value(self, tree: Any, value: Any, source: Path, target: Path | None, nodes: list[Node]) -> None:
        """Adds the nodes of a tree on a value."""
        if isinstance(tree, dict):
            for key, inner in tree.items():
                self._entry(key, inner, value, (*source, key), target, nodes)
        elif isinstance(tree, list):
            self._items(tree, value, source, target, nodes)
        else:
            self._leaf(tree, value, source, target, nodes)

    def _add(self, nodes: list[Node], node: Node) -> None:
        self.is_met = self.is_met and node.outcome == MET
        if self._budget.take():
            nodes.append(node)

    def _entry(
        self, key: str, tree: Any, value: Any, source: Path, target: Path | None, nodes: list[Node]
    ) -> None:
        parts = ENTRY.fullmatch(key)
        if parts is None:
            return
        at: Path | None
        if parts["expression"] is not None:
            found, at = self._searched(parts["expression"], value), None
        else:
            name = parts["escaped"] or parts["key"]
            if not (isinstance(value, dict) and name in value):
                note = "is not there"
                self._add(nodes, Node("leaf", f"{key}: {brief(tree)}", UNMET, "", note, source, target))
                return
            found, at = value[name], _below(target, name)
        children: list[Node] = []
        if parts["each"] is not None:
            self._each(tree, found, source, at, children)
        else:
            self.value(tree, found, source, at, children)
        self._add(nodes, _joined(key, children, source, at))

    def _searched(self, text: str, value: Any) -> Any:
        try:
            return compile_expression(text.strip()).search(value, self._environment)
        except ExpressionError:
            return None

    def _each(self, tree: Any, found: Any, source: Path, target: Path | None, nodes: list[Node]) -> None:
        if not isinstance(found, list | dict):
            note = "a list or an object is expected"
            self._add(nodes, Node("leaf", brief(tree), UNMET, brief(found), note, source, target))
            return
        for index, item in enumerate(found) if isinstance(found, list) else found.items():
            inner: list[Node] = []
            at = None if target is None else (*target, index)
            self.value(tree, item, source, at, inner)
            word = outcome_word(holds=all(node.outcome == MET for node in inner))
            self._add(nodes, Node("element", f"[{index}]", word, brief(item), source=source, target=at,
                                  children=tuple(inner)))  # fmt: skip

    def _items(
        self, tree: list[Any], value: Any, source: Path, target: Path | None, nodes: list[Node]
    ) -> None:
        if not isinstance(value, list) or len(value) != len(tree):
            note = f"a list of {len(tree)} is expected"
            self._add(nodes, Node("leaf", brief(tree), UNMET, brief(value), note, source, target))
            return
        for index, inner in enumerate(tree):
            at = None if target is None else (*target, index)
            self.value(inner, value[index], (*source, index), at, nodes)

    def _leaf(self, tree: Any, value: Any, source: Path, target: Path | None, nodes: list[Node]) -> None:
        is_met, text = is_agreed(tree, value, self._environment), brief(tree)
        self._add(nodes, Node("leaf", text, outcome_word(holds=is_met), brief(value), "", source, target))


def _below(target: Path | None, name: str) -> Path | None:
    """Way to a field; the payload's ``object`` is the resource itself."""
    if target is None:
        return () if name == "object" else None
    return (*target, name)


def _joined(key: str, children: list[Node], source: Path, target: Path | None) -> Node:
    word = outcome_word(holds=all(node.outcome == MET for node in children))
    if len(children) == 1 and children[0].what == "leaf" and not children[0].children:
        leaf = children[0]
        return Node("leaf", f"{key}: {leaf.text}", word, leaf.value, leaf.note, leaf.source, leaf.target)
    return Node("key", key, word, source=source, target=target, children=tuple(children))
