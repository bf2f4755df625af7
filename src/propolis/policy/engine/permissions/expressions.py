"""What an expression of CEL asks of a cluster, as its text tells: no expression is evaluated for it."""

from collections.abc import Iterator

import msgspec

from propolis.lang.cel.ast import Call, Expr, Ident, Literal, MapExpr
from propolis.lang.cel.children import children
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.parser import parse

_VERBS = {"get": "get", "list": "list", "post": "create"}
_AUTHORIZATION = "authorization.k8s.io"
_REVIEWS = "subjectaccessreviews"
_PLACE = 2
"""Arguments before the namespace: version and resource."""


class Wanted(msgspec.Struct, frozen=True):
    """One question.

    Attributes:
        entry: A global entry; empty for a resource.
        problem: Why it cannot be told.
    """

    group: str = ""
    resource: str = ""
    verb: str = ""
    namespace: str = ""
    name: str = ""
    entry: str = ""
    problem: str = ""


def wanted_by(text: str) -> Iterator[Wanted]:
    """The questions of an expression; none of one that cannot be read."""
    try:
        tree = parse(text, {})
    except CelError:
        return
    for node in _nodes(tree.root):
        if isinstance(node, Ident) and node.name.lstrip(".") == "authorizer":
            yield Wanted(_AUTHORIZATION, _REVIEWS, "create")
        if isinstance(node, Call) and isinstance(node.target, Ident):
            yield from _of_call(node, node.target.name.lstrip("."))


def written_by(text: str) -> Iterator[tuple[str, str]]:
    """ApiVersion and kind of every object that an expression writes out."""
    try:
        tree = parse(text, {})
    except CelError:
        return
    for node in _nodes(tree.root):
        if isinstance(node, MapExpr):
            fields = {
                _text(one.key): _text(one.value) for one in node.entries if not isinstance(one.key, str)
            }
            if fields.get("apiVersion") and fields.get("kind"):
                yield fields["apiVersion"], fields["kind"]


def _nodes(node: Expr) -> Iterator[Expr]:
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += children(one)


def _of_call(call: Call, target: str) -> Iterator[Wanted]:
    verb = _VERBS.get(call.function.lower())
    if target == "globalContext" and verb == "get" and call.arguments:
        name = _text(call.arguments[0])
        yield Wanted(entry=name) if name else Wanted(problem="the name of a global context entry is computed")
    elif target == "resource" and verb is not None:
        yield _of_resource(call.arguments, verb)


def _of_resource(arguments: tuple[Expr, ...], verb: str) -> Wanted:
    version, resource = (_text(one) for one in (*arguments, *arguments, *arguments)[:_PLACE])
    if len(arguments) < _PLACE or not version or not resource:
        return Wanted(problem="the resource of a look-up is computed by an expression")
    group = version.rpartition("/")[0]
    rest = [_text(one) for one in arguments[_PLACE:]]
    namespace = rest[0] if rest else ""
    name = rest[1] if verb == "get" and len(rest) > 1 else ""
    return Wanted(group, resource, verb, namespace, name)


def _text(node: Expr) -> str:
    """The text of a constant, also as ``dyn("text")``; empty for what is computed."""
    match node:
        case Literal(value=str(text)):
            return text
        case Call(function="dyn", target=None, arguments=(one,)):
            return _text(one)
    return ""
