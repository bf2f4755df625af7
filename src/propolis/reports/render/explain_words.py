"""Words and marks for the nodes of an explanation, the same in every format for people."""

from collections.abc import Sequence

from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET, Node

MARKS = {MET: "✓", UNMET: "✗", SKIPPED: "-", ERROR: "!"}
MOST_CHILDREN = 40
"""Parts of one node that are told; those that are not met come before others."""

_TITLES = {
    "leaf": "",
    "value": "",
    "key": "",
    "anchor": "",
    "element": "",
    "condition": "",
    "alternative": "pattern ",
    "conditions": "",
}


def mark_of(node: Node) -> str:
    """The mark of an outcome; a dot for what is only told."""
    return MARKS.get(node.outcome, "·")


def node_parts(node: Node) -> tuple[str, str, str]:
    """What a node asks, what was found, what else is to be said."""
    prefix = _TITLES.get(node.what)
    title = f"{prefix}{node.text}" if prefix is not None else f"{node.what} {node.text}".rstrip()
    if node.what in ("variable", "context"):
        return f"{node.what} {node.text}", node.value, node.note
    return title, "nothing" if node.value == "null" else node.value, node.note


def told_nodes(nodes: Sequence[Node]) -> list[Node]:
    """The nodes of one level that are told, in their order; of very many those that are not met."""
    if len(nodes) <= MOST_CHILDREN:
        return list(nodes)
    chosen = sorted(range(len(nodes)), key=lambda index: (nodes[index].outcome in (MET, ""), index))
    kept = sorted(chosen[:MOST_CHILDREN])
    hidden = Node("more", f"{len(nodes) - MOST_CHILDREN:,} others")
    return [*(nodes[index] for index in kept), hidden]
