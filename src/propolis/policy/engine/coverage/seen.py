"""Which branches a resource has taken, read off the trace of a rule."""

from collections.abc import Iterator

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.coverage.branches import ABSENT, APPLIES, NONE, SOME, THERE
from propolis.policy.engine.explain.explanation import LEFT_OUT, NO_MATCH, RuleExplanation
from propolis.policy.engine.explain.trace import MET, Node, Path

Taken = tuple[str, Path, str]
"""Kind, way in the policy, side."""

_BY_KEY = (anchors.EQUALITY, anchors.NEGATION)


def taken(rule: RuleExplanation) -> Iterator[Taken]:
    """The branches that one resource took through a rule.

    A rule that is excluded takes its filters of exclude; one that does not match takes nothing.
    """
    if rule.outcome == LEFT_OUT or not rule.nodes or rule.nodes[0].outcome != MET:
        return
    if rule.outcome != NO_MATCH:
        yield "rule", rule.base, APPLIES
    for node in rule.nodes:
        yield from _of(node)


def _of(node: Node) -> Iterator[Taken]:
    if node.what == "foreach":
        has_some = any(child.what == "element" for child in node.children)
        yield node.what, node.source, SOME if has_some else NONE
    elif node.what == "anchor":
        yield from _anchor(node)
    elif node.what != "condition" or node.note != "not needed":
        yield node.what, node.source, node.outcome
    for child in node.children:
        yield from _of(child)


def _anchor(node: Node) -> Iterator[Taken]:
    """An anchor; a line that sums up several keys has its anchor as the first."""
    for length in range(len(node.source), 0, -1):
        source = node.source[:length]
        anchor = parse_anchor(str(source[-1]))
        if anchor is not None:
            side = (ABSENT if node.note == "is not there" else THERE) if anchor.modifier in _BY_KEY else ""
            yield node.what, source, side or node.outcome
