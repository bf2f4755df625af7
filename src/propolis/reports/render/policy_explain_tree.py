"""Explanations for terminals: a tree a rule, with marks, values and lines."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from propolis.core.printable import printable
from propolis.policy.engine.autogen import PREFIX
from propolis.policy.engine.explain.explanation import NO_MATCH, Advice, Change, RuleExplanation
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET, Node
from propolis.reports.render.explain_words import mark_of, node_parts, told_nodes
from propolis.reports.render.policy_explain import ExplainedResource, ExplainReport
from propolis.reports.render.yaml_diff import yaml_diff

STYLES = {MET: "green", UNMET: "bold red", SKIPPED: "yellow", ERROR: "bold red", "": "dim"}
OUTCOMES = {"pass": "green", "fail": "bold red", "warn": "yellow", "error": "bold red"}
_DIFF = {"+": "green", "-": "red", ".": "dim"}


def render_explain_tree(report: ExplainReport, *, is_detailed: bool = False) -> RenderableType:
    """Every resource with its rules; ``is_detailed``: what is met and what does not match in full too."""
    parts: list[RenderableType] = []
    for one in report.explained:
        parts += _resource(one, is_detailed=is_detailed)
    if not report.explained:
        parts.append(Text("There is no resource to explain.", "bold"))
    return Group(*parts)


def _resource(one: ExplainedResource, *, is_detailed: bool) -> list[RenderableType]:
    origin = one.resource.origin
    place = f"  {origin.path}:{origin.line}" if origin.path else ""
    head = Text.assemble((printable(str(one.resource.ref)), "bold"), (printable(place), "dim"))
    parts: list[RenderableType] = [head, Text()]
    unmatched = [rule for rule in one.rules if rule.outcome == NO_MATCH]
    for rule in one.rules:
        if rule.outcome != NO_MATCH or is_detailed:
            parts += _rule(rule, is_detailed=is_detailed)
    if unmatched and not is_detailed:
        parts += [*_unmatched(unmatched), Text()]
    if one.together is not None:
        parts += [Text("One change for all rules that fail", "bold"), *_advice(one.together), Text()]
    return parts


def _unmatched(rules: list[RuleExplanation]) -> list[RenderableType]:
    lines: list[RenderableType] = [Text("Not for this resource", "bold")]
    own = [rule for rule in rules if not rule.rule.startswith(PREFIX)]
    for rule in own:
        why = next(filter(None, map(_first_unmet, rule.nodes)), "")
        name = printable(f"  {rule.policy}/{rule.rule}")
        lines.append(Text.assemble(name, (printable(f"  {why}"), "dim")))
    made = len(rules) - len(own)
    if made:
        lines.append(Text(f"  {made} rules that autogen made; --detailed tells of them", "dim"))
    return lines


def _first_unmet(node: Node) -> str:
    """Why a rule is not for a resource, in one line."""
    if node.what == "exclude":
        return "excluded" if node.outcome == SKIPPED else ""
    if node.outcome != UNMET:
        return ""
    inner = next(filter(None, map(_first_unmet, node.children)), "")
    title, value, note = node_parts(node)
    return inner or f"{title}; found {value}" + (f" ({note})" if note else "")


def _rule(rule: RuleExplanation, *, is_detailed: bool) -> list[RenderableType]:
    place = f"  {rule.place}" if rule.place else ""
    head = Text.assemble(
        (f"{rule.outcome} ", OUTCOMES.get(rule.outcome, "yellow")),
        (printable(f"{rule.policy}/{rule.rule}"), "bold"),
        (printable(f"  {rule.way}{place}"), "dim"),
    )
    tree = Tree(head, guide_style="dim")
    if rule.message and rule.outcome != "pass":
        tree.add(Text(printable(rule.message)))
    for node in rule.nodes:
        _add(tree, node, is_detailed=is_detailed)
    if rule.untold:
        tree.add(Text(f"and {rule.untold:,} more parts", "dim"))
    if not rule.is_agreed:
        tree.add(
            Text(f"the trace says {rule.traced}: please report this; the outcome is the engine's", "red")
        )
    parts: list[RenderableType] = [tree]
    if rule.advice is not None:
        parts += [Text("  smallest change that passes", "bold"), *_advice(rule.advice)]
    for change in rule.changes:
        parts += [Text(f"  {change.action} {printable(str(change.resource))}", "bold"), *_change(change)]
    return [*parts, Text()]


def _add(tree: Tree, node: Node, *, is_detailed: bool, is_denying: bool = False) -> None:
    """Adds a node; ``is_denying``: whether conditions that hold are what is wrong."""
    is_open = is_detailed or _is_worth_opening(node, is_denying=is_denying)
    branch = tree.add(_line(node, is_open=is_open))
    if is_open:
        denies = is_denying or (node.what == "deny" and node.outcome == UNMET)
        for child in told_nodes(node.children):
            _add(branch, child, is_detailed=is_detailed, is_denying=denies)


def _is_worth_opening(node: Node, *, is_denying: bool) -> bool:
    """Whether what is below says why: something that is not met, or decided."""
    if node.what == "condition" and not any(child.outcome or child.children for child in node.children):
        return False
    if is_denying and node.what in ("conditions", "condition"):
        return node.outcome == MET
    return node.outcome in (UNMET, ERROR) or (node.outcome == SKIPPED and node.what != "filter")


def _line(node: Node, *, is_open: bool) -> Text:
    title, value, note = node_parts(node)
    text = Text.assemble((mark_of(node), STYLES.get(node.outcome, "dim")), " ", printable(title))
    if value:
        at = (
            f" at {node.found_at.line}:{node.found_at.column}"
            if node.found_at and node.outcome == UNMET
            else ""
        )
        text.append(printable(f"  found {value}{at}" if node.outcome else f" = {value}"), "cyan")
    if note:
        text.append(printable(f"  {note}"), "italic")
    hidden = 0 if is_open or node.what == "condition" else _count(node)
    if hidden:
        text.append(f"  ({hidden} part{'' if hidden == 1 else 's'})", "dim")
    if node.place and node.place.line and node.what != "variable":
        text.append(f"  {node.place.line}:{node.place.column}", "dim")
    return text


def _count(node: Node) -> int:
    """Leaves below a node."""
    return sum(_count(child) or 1 for child in node.children)


def _advice(advice: Advice) -> Iterable[RenderableType]:
    if advice.document is None:
        return [Text(f"    {printable(advice.note or 'none was found')}", "yellow")]
    lines = _diff(yaml_diff(advice.before, advice.document))
    for other in advice.others:
        lines += [Text("  or", "bold"), *_diff(yaml_diff(advice.before, other.document))]
    return [*lines, *([Text(f"    {advice.note}", "italic")] if advice.note else [])]


def _change(change: Change) -> Iterable[RenderableType]:
    return _diff(yaml_diff(change.before, change.document))


def _diff(lines: list[str]) -> list[RenderableType]:
    return [
        Text(
            f"    {line[:1]} {printable(line[1:])}",
            _DIFF.get(line[:1], ""),
            no_wrap=True,
            overflow="ellipsis",
        )
        for line in lines
    ]
