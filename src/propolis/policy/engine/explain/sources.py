"""Where the parts of a generated rule stand in the policy: at those of the rule that it was made of."""

from propolis.policy.engine.explain.trace import Node, Path

_SHIFTED: tuple[tuple[str, ...], ...] = (("validate", "pattern"), ("mutate", "patchStrategicMerge"))
_SHIFTED_LISTS: tuple[tuple[str, ...], ...] = (("validate", "anyPattern"),)


def original(path: Path, shift: int) -> Path:
    """A path below a rule, without the keys that autogen put around its patterns.

    Args:
        path: Below the rule.
        shift: How many keys were put there: 0, 2 for a template, 4 for a CronJob's.
    """
    if not shift:
        return path
    if path[:2] in _SHIFTED:
        return (*path[:2], *path[2 + shift :])
    if path[:2] in _SHIFTED_LISTS:
        return (*path[:3], *path[3 + shift :])
    return path


def below(node: Node, base: Path, shift: int) -> Node:
    """A node of a rule with its place in the whole policy; those of other documents have no source."""
    children = tuple(below(child, base, shift) for child in node.children)
    source = (*base, *original(node.source, shift))
    return Node(
        node.what, node.text, node.outcome, node.value, node.note, source, node.target, node.place,
        node.found_at, children,
    )  # fmt: skip
