"""Explanations in Markdown: a list of what was asked, a fenced difference of what would pass."""

from collections.abc import Iterable, Iterator

from propolis.policy.engine.explain.explanation import NO_MATCH, Advice, Change, RuleExplanation
from propolis.policy.engine.explain.trace import Node
from propolis.reports.render.explain_words import mark_of, node_parts, told_nodes
from propolis.reports.render.policy_markdown import escaped_text
from propolis.reports.render.yaml_diff import yaml_diff

Explained = tuple[str, tuple[RuleExplanation, ...], Advice | None]


def render_markdown(resources: Iterable[Explained]) -> bytes:
    """A section a resource, a section a rule that is for it."""
    lines: list[str] = []
    for name, rules, together in resources:
        lines += [f"## {escaped_text(name)}", ""]
        for rule in rules:
            if rule.outcome != NO_MATCH:
                lines += _rule(rule)
        unmatched = [f"{rule.policy}/{rule.rule}" for rule in rules if rule.outcome == NO_MATCH]
        if unmatched:
            lines += [f"Not for this resource: {escaped_text(', '.join(unmatched))}", ""]
        if together is not None:
            lines += ["### One change for all rules", "", *_advice(together)]
    return ("\n".join(lines) + "\n").encode(errors="replace")


def _rule(rule: RuleExplanation) -> list[str]:
    title = f"### {escaped_text(f'{rule.policy}/{rule.rule}')}: {rule.outcome}"
    lines = [title, ""]
    if rule.message:
        lines += [escaped_text(rule.message), ""]
    lines += [line for node in rule.nodes for line in _node(node, 0)]
    lines += [f"- and {rule.untold:,} more parts"] if rule.untold else []
    lines.append("")
    if rule.advice is not None:
        lines += ["Smallest change that passes:", "", *_advice(rule.advice)]
    for change in rule.changes:
        lines += [f"{change.action} {escaped_text(str(change.resource))}:", "", *_change(change)]
    return lines


def _node(node: Node, level: int) -> Iterator[str]:
    title, value, note = node_parts(node)
    text = f"{'  ' * level}- {mark_of(node)} {escaped_text(title)}"
    text += f", found {escaped_text(value)}" if value else ""
    text += f" ({escaped_text(note)})" if note else ""
    text += f" [{node.place.line}:{node.place.column}]" if node.place and node.place.line else ""
    yield text
    for child in told_nodes(node.children):
        yield from _node(child, level + 1)


def _advice(advice: Advice) -> list[str]:
    if advice.document is None:
        return [escaped_text(advice.note or "none was found"), ""]
    lines = ["```diff", *yaml_diff(advice.before, advice.document), "```", ""]
    for other in advice.others:
        lines += ["or:", "", "```diff", *yaml_diff(advice.before, other.document), "```", ""]
    return [*lines, *([escaped_text(advice.note), ""] if advice.note else [])]


def _change(change: Change) -> list[str]:
    return ["```diff", *yaml_diff(change.before, change.document), "```", ""]
