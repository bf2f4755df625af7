"""Other documents around what a rule looks at: each place with values from both sides of what is asked."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.lang.jmespath import Environment, ExpressionError, compile_expression
from propolis.policy.engine.autogen import PREFIX
from propolis.policy.engine.coverage.directed_documents import directed_documents
from propolis.policy.engine.coverage.faults import changed
from propolis.policy.engine.explain.check_trace import places_in
from propolis.policy.engine.explain.condition_edits import place_ways
from propolis.policy.engine.explain.edits import Candidate, edited, removing, setting
from propolis.policy.engine.explain.explanation import RuleExplanation
from propolis.policy.engine.explain.near_values import around
from propolis.policy.engine.explain.pattern_edits import built, pattern_edits
from propolis.policy.engine.explain.places import Place, places_of
from propolis.policy.engine.explain.trace import Node, Path
from propolis.policy.model.rule import PolicyRule

_VARIABLE = re.compile(r"\{\{((?:\{[^{}]*\}|[^{}])*)\}\}")
TEMPLATE_PATH: Path = ("spec", "template")
CRON_PATH: Path = ("spec", "jobTemplate", "spec", "template")
MOST_PLACES = 24
MOST_ELEMENTS = 3
MOST_TEXTS = 40


def changed_documents(
    document: Document, rules: list[PolicyRule], traces: list[RuleExplanation], fault: Path
) -> Iterator[Document]:
    """Documents that differ in one place from one; those about a fault come first.

    Args:
        document: The resource.
        rules: The rule as it is and with the fault.
        traces: Of both.
        fault: Way to the fault below the rule.
    """
    yield from _directed(document, rules, traces, fault)
    for way in (*_by_patterns(document, rules, traces, fault), *_by_conditions(document, rules)):
        made = edited(document, way.edits)
        if made is not None:
            yield made


def _directed(
    document: Document, rules: list[PolicyRule], traces: list[RuleExplanation], fault: Path
) -> Iterator[Document]:
    """Documents around a fault that lies in a pattern, of the whole resource or of elements of a list."""
    root = pattern_root(fault)
    if not root:
        return
    built_in, mutated = (msgspec.to_builtins(rule) for rule in rules)
    pattern, is_there = _at(built_in, root)
    other, _ = _at(mutated, root)
    inner = (*_shift(built_in, root), *fault[len(root) :])
    for target in _subjects(traces[0], root) if is_there else ():
        value, _ = _at(document, target)
        for found in directed_documents(value, pattern, other, inner):
            yield changed(document, target, found)


def pattern_root(fault: Path) -> Path:
    """Way to the pattern that a fault lies in; empty where it lies in none."""
    for index, part in enumerate(fault):
        if part == "pattern":
            return fault[: index + 1]
        if part == "anyPattern" and index + 1 < len(fault):
            return fault[: index + 2]
    return ()


def _shift(rule: dict[str, Any], root: Path) -> Path:
    """The keys that autogen put around a pattern of the rule, where it did."""
    name = str(rule.get("name", ""))
    if len(root) > 3 or not name.startswith(PREFIX):  # noqa: PLR2004  # validate.anyPattern[0]; a foreach is deeper
        return ()
    return CRON_PATH if name.startswith(f"{PREFIX}cronjob-") else TEMPLATE_PATH


def _subjects(trace: RuleExplanation, root: Path) -> list[Path]:
    """What a pattern is about in the resource: the whole of it, or elements."""
    targets = [
        node.target
        for node in _nodes(trace.nodes)
        if node.what in ("pattern", "alternative") and node.source[3:] == root and node.target is not None
    ]
    return targets[:MOST_ELEMENTS] or [()]


def _by_patterns(
    document: Document, rules: list[PolicyRule], traces: list[RuleExplanation], fault: Path
) -> Iterator[Candidate]:
    """Changes of the places that patterns look at."""
    nodes = [
        (node, rule)
        for rule, trace in zip(rules, traces, strict=True)
        for node in _nodes(trace.nodes)
        if node.target and node.what in ("leaf", "value", "anchor", "key", "element")
    ]
    nodes.sort(key=lambda pair: not _is_near(pair[0].source[3:], fault))
    for node, rule in nodes[: MOST_PLACES * 4]:
        yield from _at_node(document, node, rule)


def _nodes(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _nodes(node.children)


def _is_near(source: Path, fault: Path) -> bool:
    least = min(len(source), len(fault))
    return source[:least] == fault[:least]


def _at_node(document: Document, node: Node, rule: PolicyRule) -> Iterator[Candidate]:
    path = node.target or ()
    value, is_there = _at(document, path)
    asked, is_asked = _at(msgspec.to_builtins(rule), node.source[3:])
    if not is_asked:
        return
    if is_there:
        yield removing(path, value)
    if isinstance(asked, dict | list):
        yield from pattern_edits(asked, value, path)
        if not is_there:
            yield setting(path, built(asked), None, is_there=False)
        return
    for item in around(asked, value):
        if item is not None:
            yield setting(path, item, value, is_there=is_there)


def _at(document: Any, path: Path) -> tuple[Any, bool]:
    here = document
    for part in path:
        keys: Any = (
            here if isinstance(here, dict) else range(len(here)) if isinstance(here, list | tuple) else ()
        )
        if part not in keys:
            return None, False
        here = here[part]
    return here, True


def _by_conditions(document: Document, rules: list[PolicyRule]) -> Iterator[Candidate]:
    """Changes of the places that expressions of the rule read."""
    known = places_in(document)
    wanted: list[Any] = []
    texts: list[str] = []
    for rule in rules:
        _collect(msgspec.to_builtins(rule), texts, wanted)
    places = []
    for text in list(dict.fromkeys(texts))[:MOST_TEXTS]:
        for root in _roots(document, texts):
            found, literals = places_of(text, root, lambda value: known.get(id(value)))
            wanted += [item for item in literals if not isinstance(item, list | dict)]
            places += [one for one in found if one not in places]
    chosen = list({repr(item): item for item in wanted}.values())[:MOST_TEXTS]
    for one in places[:MOST_PLACES]:
        yield from place_ways(one, chosen)
        yield from _keys(one, chosen)


def _keys(one: Place, wanted: list[Any]) -> Iterator[Candidate]:
    """An object with one more key, for expressions that look at keys."""
    for key in wanted if isinstance(one.value, dict) and one.path else ():
        if isinstance(key, str) and key and key not in one.value:
            yield setting((*(one.path or ()), key), {}, None, is_there=False)


def _collect(value: Any, texts: list[str], wanted: list[Any]) -> None:
    """Expressions of a rule, and the constants that stand in its conditions."""
    if isinstance(value, dict):
        if "operator" in value and "key" in value:
            for side in (value["key"], value.get("value")):
                items = side if isinstance(side, list | tuple) else [side]
                wanted += [one for one in items if not isinstance(one, list | dict) and "{{" not in str(one)]
        for key, inner in value.items():
            if key in ("list", "jmesPath") and isinstance(inner, str):
                texts.append(inner)
            _collect(inner, texts, wanted)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect(inner, texts, wanted)
    elif isinstance(value, str):
        texts += [found.strip() for found in _VARIABLE.findall(value)]


def _roots(document: Document, texts: list[str]) -> Iterator[dict[str, Any]]:
    """What expressions are evaluated on: the request, and elements of the lists that the rule names."""
    root: dict[str, Any] = {"request": {"object": document}}
    yield root
    for text in dict.fromkeys(texts):
        try:
            found = compile_expression(text).query(root, Environment())
        except ExpressionError:
            continue
        for element in found[:MOST_ELEMENTS] if isinstance(found, list) else ():
            if isinstance(element, dict):
                yield {**root, "element": element}
