"""Short ways to explanations for the tests of this folder."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.explanation import Advice, RuleExplanation
from propolis.policy.engine.explain.patch_search import MOST_EVALUATIONS, smallest_patch
from propolis.policy.engine.explain.rules import paired_rules
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.explain.trace import MOST_NODES, Node
from propolis.policy.model.exception import parse_exception
from tests.unit.policy.engine.examples import NOW, policy, subject

Document = dict[str, Any]


def explained(
    rules: str,
    document: Document,
    name: str = "r",
    exceptions: tuple[Document, ...] = (),
    most_nodes: int = MOST_NODES,
    **fields: Any,
) -> RuleExplanation:
    """The explanation of one rule; its trace agrees with the engine."""
    excepted = tuple(map(parse_exception, exceptions))
    pairs = {pair.rule.name: pair for pair in paired_rules(policy(rules), excepted)}
    found = explain(pairs[name], excepted, subject(document, **fields), {}, NOW, most_nodes).rule
    assert found is not None
    assert found.is_agreed
    return found


def advised(rules: str, document: Document, name: str = "r", most: int = MOST_EVALUATIONS) -> Advice:
    """The smallest change for one rule."""
    pair = {pair.rule.name: pair for pair in paired_rules(policy(rules), ())}[name]
    judged = subject(document)

    def judge(changed: Document) -> Outcome | None:
        found = evaluate(pair.alone, with_document(judged, changed), {}, NOW).findings
        return found[0].outcome if found else None

    return smallest_patch(pair, (), judged, judge, {}, NOW, most)


def operations(rules: str, document: Document, name: str = "r") -> list[tuple[Any, ...]]:
    """The smallest change as operation, path and value."""
    return [(one["op"], one["path"], one.get("value")) for one in advised(rules, document, name).operations]


def lines(explanation: RuleExplanation) -> list[str]:
    """Every node as ``what text: outcome``, inner ones behind theirs."""
    found: list[str] = []

    def add(node: Node, level: int) -> None:
        found.append(f"{'  ' * level}{node.what} {node.text}: {node.outcome}".replace(" :", ":"))
        for child in node.children:
            add(child, level + 1)

    for node in explanation.nodes:
        add(node, 0)
    return found


def node(explanation: RuleExplanation, what: str, text: str = "") -> Node:
    """The first node of a kind, with a text where one is given."""
    todo = list(explanation.nodes)
    while todo:
        one = todo.pop(0)
        if one.what == what and text in one.text:
            return one
        todo = [*one.children, *todo]
    raise AssertionError(f"no {what} {text} in {lines(explanation)}")
