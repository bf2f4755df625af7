"""Patterns, walked key by key without stopping at the first departure.

What is told is every key and leaf; what is decided is what the engine decides: its order of keys, its rule
that the first departure of a map or list is the one that counts. `Seen` is filled only by what the engine
would have reached.
"""

from typing import Any, TypeAlias

import msgspec

from propolis.lang.wildcard import compile_wildcard, has_wildcard
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor, plain_key
from propolis.policy.engine.explain.trace import MET, SKIPPED, UNMET, Budget, Node, Path, brief
from propolis.policy.engine.mismatch import FAIL, NEGATION, SKIP
from propolis.policy.engine.pattern_tree import forgiven_keys, is_first, ordered_keys
from propolis.policy.engine.scalars import compile_scalar

Seen: TypeAlias = dict[str, bool]
Verdict: TypeAlias = str
"""Empty when the pattern is met, else the kind of the mismatch."""

_TRACKED = (anchors.CONDITION, anchors.EXISTENCE)
_ENDING = (anchors.CONDITION, anchors.GLOBAL)
_WILD_FIELDS = ("labels", "annotations")
_WORDS = {"": MET, SKIP: SKIPPED, FAIL: UNMET, NEGATION: UNMET}


class PatternWalk:
    """One walk over a pattern and a value.

    Attributes:
        budget: Nodes that may be told; what is beyond still decides.
        is_placeless: Whether the departure that counted last is one for which the engine tells no place.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.is_placeless = False
        self._is_direct = False  # whether the last `SKIP` is a global anchor's that nothing sums up

    def walk(
        self, pattern: Any, value: Any, source: Path, target: Path | None, seen: Seen, *, wild: bool = False
    ) -> tuple[Verdict, list[Node]]:
        """Whether a value meets a pattern, and the nodes of all its parts.

        Args:
            pattern: With its variables filled in.
            value: What is there; None for nothing.
            source: Way to the pattern in the policy.
            target: Way to the value in the resource, where it has one.
            seen: Gets the condition and existence anchors, as the engine fills it.
            wild: Whether this is metadata, whose labels may have wildcards in their keys.
        """
        if isinstance(pattern, dict):
            if type(value) is not dict:
                return self._other(pattern, value, source, target, "an object")
            return self._map(pattern, value, source, target, seen, wild=wild)
        if isinstance(pattern, list):
            return self._list(pattern, value, source, target, seen)
        return self._leaf(pattern, value, source, target)

    def _node(self, nodes: list[Node], node: Node) -> None:
        if self.budget.take():
            nodes.append(node)

    def _other(
        self, pattern: Any, value: Any, source: Path, target: Path | None, expected: str
    ) -> tuple[Verdict, list[Node]]:
        """A value of a shape that the pattern cannot meet."""
        self.is_placeless = False
        nodes: list[Node] = []
        note = f"{expected} is expected"
        self._node(nodes, Node("value", brief(pattern), UNMET, brief(value), note, source, target))
        return FAIL, nodes

    def _leaf(
        self, pattern: Any, value: Any, source: Path, target: Path | None
    ) -> tuple[Verdict, list[Node]]:
        self.is_placeless = False
        test = compile_scalar(pattern)
        is_met = all(test(item) for item in value) if type(value) is list else test(value)
        nodes: list[Node] = []
        word = MET if is_met else UNMET
        self._node(nodes, Node("value", brief(pattern), word, brief(value), "", source, target))
        return "" if is_met else FAIL, nodes

    def _map(
        self,
        pattern: dict[str, Any],
        value: Any,
        source: Path,
        target: Path | None,
        seen: Seen,
        *,
        wild: bool,
    ) -> tuple[Verdict, list[Node]]:
        late = [key for key in pattern if wild and _is_wild(key, pattern[key])]
        early = {key: inner for key, inner in pattern.items() if key not in late}
        _track(early, value, seen)
        ordered = ordered_keys(early)
        first = [key for key in ordered if is_first(key)]
        forgiven, left_out, is_direct = forgiven_keys(early), 0, False
        verdict, nodes, reason, is_placeless = "", list[Node](), "", False
        for key in (*ordered, *late):
            if reason:
                self._node(nodes, Node("key", key, SKIPPED, note=reason, source=(*source, key)))
                continue
            one, node = self._key(
                key, pattern[key], value, (*source, key), target, {} if verdict else seen, late=key in late
            )
            nodes += node
            if one == SKIP and key in forgiven and not self._is_direct:
                left_out += 1
                one = SKIP if left_out == len(first) else ""
            if one and not verdict:
                verdict, is_placeless = one, self.is_placeless
                is_direct = self._is_direct and key not in first
                reason = _ending(key) if one == SKIP else ""
        self._is_direct, self.is_placeless = is_direct, is_placeless
        return verdict, nodes

    def _key(
        self, key: str, pattern: Any, value: dict[str, Any], source: Path, target: Path | None, seen: Seen,
        *, late: bool,
    ) -> tuple[Verdict, list[Node]]:  # fmt: skip
        anchor = parse_anchor(key)
        modifier = anchor.modifier if anchor else None
        name = anchor.key if anchor and modifier != anchors.ADD else key
        is_kept = self.budget.take()
        at = None if target is None else (*target, name)
        found = value.get(name)
        note, text = "", key
        inner: list[Node] = []
        self.is_placeless = False
        if modifier == anchors.NEGATION:
            verdict, note = (NEGATION, "must not be there") if name in value else ("", "is not there")
        elif modifier is None or modifier == anchors.ADD:
            if isinstance(pattern, str) and pattern == "*":
                verdict, text = ("" if found is not None else FAIL), f"{key}: *"
            else:
                verdict, inner = self._inner(key, pattern, found, source, at, seen, late=late)
        elif name not in value:
            verdict, note = (SKIP, "is not there") if modifier == anchors.CONDITION else ("", "is not there")
        elif modifier == anchors.EXISTENCE:
            verdict, inner = self._existence(pattern, found, source, at, seen)
        else:
            verdict, inner = self._inner(key, pattern, found, source, at, seen, late=late)
            verdict = SKIP if verdict and modifier in _ENDING else verdict
            self._is_direct = self._is_direct or modifier == anchors.GLOBAL
        if not is_kept:
            return verdict, []
        what = "anchor" if anchor else "key"
        return verdict, [_merged(Node(what, text, _WORDS[verdict], brief(found) if name in value else "",
                                      note, source, at), inner)]  # fmt: skip

    def _inner(
        self, key: str, pattern: Any, found: Any, source: Path, target: Path | None, seen: Seen, *, late: bool
    ) -> tuple[Verdict, list[Node]]:
        if late and type(found) is dict:
            return self._labels(pattern, found, source, target, seen)
        is_metadata = plain_key(key) == "metadata" and isinstance(pattern, dict)
        return self.walk(pattern, found, source, target, seen, wild=is_metadata)

    def _labels(
        self, pattern: dict[str, Any], labels: dict[str, Any], source: Path, target: Path | None, seen: Seen
    ) -> tuple[Verdict, list[Node]]:
        """Labels with wildcards in their keys: each key stands for the first label that it matches."""
        written = {expanded_key(key, labels): key for key in pattern}
        named = {name: pattern[key] for name, key in written.items()}
        verdict, nodes = self.walk(named, labels, source, target, seen)
        return verdict, [_as_written(node, written, len(source)) for node in nodes]

    def _existence(
        self, pattern: Any, items: Any, source: Path, target: Path | None, seen: Seen
    ) -> tuple[Verdict, list[Node]]:
        """Every map of the pattern's list must be met by one element."""
        is_valid = isinstance(pattern, list) and all(isinstance(item, dict) for item in pattern)
        if type(items) is not list or not is_valid:
            return FAIL, []
        verdict, nodes = "", list[Node]()
        for number, wanted in enumerate(pattern):
            is_met = False
            for index, item in enumerate(items):
                at = None if target is None else (*target, index)
                one, inner = self.walk(wanted, item, (*source, number), at, {} if verdict or is_met else seen)
                is_met = is_met or not one
                self._node(nodes, Node("element", f"[{index}]", _WORDS[one], brief(item), "",
                                       (*source, number), at, children=tuple(inner)))  # fmt: skip
            verdict = verdict or ("" if is_met else FAIL)
        self.is_placeless = False
        return verdict, nodes

    def _list(
        self, pattern: list[Any], value: Any, source: Path, target: Path | None, seen: Seen
    ) -> tuple[Verdict, list[Node]]:
        if type(value) is not list:
            return self._other(pattern, value, source, target, "a list")
        if not pattern:
            return self._other(pattern, value, source, target, "a pattern with an item")
        first = pattern[0]
        if isinstance(first, dict):
            pairs = [(first, 0, item) for item in value]
            return self._items(pairs, len(value), source, target, seen)
        if isinstance(first, list):
            if len(value) < len(pattern):
                found = self._other(pattern, value, source, target, f"a list of {len(pattern)} items")
                self.is_placeless = True
                return found
            pairs = [(one, number, value[number]) for number, one in enumerate(pattern)]
            return self._items(pairs, len(pattern), source, target, seen)
        return self._leaf(first, value, (*source, 0), target)

    def _items(
        self, pairs: list[tuple[Any, int, Any]], most: int, source: Path, target: Path | None, seen: Seen
    ) -> tuple[Verdict, list[Node]]:
        """Every item; those that a condition leaves out do not count, unless it leaves out all."""
        verdict, skipped, nodes, is_placeless = "", 0, list[Node](), False
        for index, (pattern, number, item) in enumerate(pairs):
            at = None if target is None else (*target, index)
            is_kept = self.budget.take()
            one, inner = self.walk(pattern, item, (*source, number), at, {} if verdict else seen)
            skipped += one == SKIP
            if not verdict and one != SKIP:
                verdict, is_placeless = one, self.is_placeless
            if is_kept:
                node = Node("element", f"[{index}]", _WORDS[one], brief(item), "", (*source, number), at)
                nodes.append(_merged(node, inner, keeps=True))
        self._is_direct, self.is_placeless = False, is_placeless
        return verdict or (SKIP if skipped and skipped == most else ""), nodes


def _as_written(node: Node, written: dict[str, str], level: int) -> Node:
    """A node below labels whose source has the key as the policy has it."""
    if len(node.source) <= level:
        return node
    key = written.get(str(node.source[level]), str(node.source[level]))
    source = (*node.source[:level], key, *node.source[level + 1 :])
    children = tuple(_as_written(child, written, level) for child in node.children)
    return msgspec.structs.replace(node, source=source, children=children)


def _track(pattern: dict[str, Any], value: dict[str, Any], seen: Seen) -> None:
    for key in pattern:
        anchor = parse_anchor(key)
        if anchor and anchor.modifier in _TRACKED:
            seen[key] = seen.get(key, False) or anchor.key in value


def _ending(key: str) -> str:
    """Why the other keys of a map are left out; empty when what ended it lies deeper."""
    anchor = parse_anchor(key)
    return (
        f"left out by {key}" if anchor and anchor.modifier in _ENDING else "left out by what is not met above"
    )


def _is_wild(key: str, value: Any) -> bool:
    return plain_key(key) in _WILD_FIELDS and isinstance(value, dict) and any(map(has_wildcard, value))


def expanded_key(key: str, labels: dict[str, Any]) -> str:
    """A key of labels in a pattern, its wildcards filled by the first label that it matches."""
    if not has_wildcard(key):
        return key
    plain = plain_key(key)
    matches = compile_wildcard(plain)
    found = next((name for name, text in labels.items() if type(text) is str and matches(name)), plain)
    anchor = parse_anchor(key)
    return f"{anchor.modifier}({found})" if anchor else found


def _merged(node: Node, inner: list[Node], *, keeps: bool = False) -> Node:
    """A key and its only value become one line, and so do keys of which each holds but the next."""
    if not keeps and len(inner) == 1 and inner[0].what in ("value", "leaf"):
        leaf = inner[0]
        text = f"{node.text}{': ' if leaf.what == 'value' else '.'}{leaf.text}"
        what = "leaf" if node.what == "key" else node.what
        note = node.note or leaf.note
        return Node(what, text, node.outcome, leaf.value, note, leaf.source, leaf.target)
    value = "" if inner else node.value
    return msgspec.structs.replace(node, value=value, children=tuple(inner))
