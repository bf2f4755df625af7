"""Going through a tree: the children of a node, and the same node with others."""

from collections.abc import Callable, Iterator

from propolis.lang.cel.ast import (
    Call,
    Comprehension,
    Entry,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
)

Change = Callable[[Expr], Expr]


def children(node: Expr) -> Iterator[Expr]:
    """What a node is made of, in the order of evaluation."""
    match node:
        case Select():
            yield node.operand
        case Call():
            if node.target is not None:
                yield node.target
            yield from node.arguments
        case ListExpr():
            yield from node.elements
        case MapExpr() | StructExpr():
            for entry in node.entries:
                if not isinstance(entry.key, str):
                    yield entry.key
                yield entry.value
        case Comprehension():
            yield from (node.range, node.start, node.condition, node.step, node.result)
        case Literal() | Ident():
            return


def with_children(node: Expr, identity: int, change: Change, entry_id: Callable[[], int]) -> Expr:
    """The same node under another id, made of changed children; entries get ids of their own."""
    match node:
        case Literal():
            return Literal(identity, node.value)
        case Ident():
            return Ident(identity, node.name)
        case Select():
            return Select(identity, change(node.operand), node.field, node.tests_only)
        case Call():
            target = None if node.target is None else change(node.target)
            return Call(identity, node.function, tuple(map(change, node.arguments)), target)
        case ListExpr():
            return ListExpr(identity, tuple(map(change, node.elements)), node.optionals)
        case MapExpr():
            return MapExpr(identity, _entries(node.entries, change, entry_id))
        case StructExpr():
            return StructExpr(identity, node.name, _entries(node.entries, change, entry_id))
        case Comprehension():
            return Comprehension(
                identity,
                change(node.range),
                node.variable,
                node.second_variable,
                node.accumulator,
                change(node.start),
                change(node.condition),
                change(node.step),
                change(node.result),
            )


def _entries(entries: tuple[Entry, ...], change: Change, entry_id: Callable[[], int]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            entry_id(),
            entry.key if isinstance(entry.key, str) else change(entry.key),
            change(entry.value),
            entry.is_optional,
        )
        for entry in entries
    )
