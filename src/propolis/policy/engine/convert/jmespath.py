"""Expressions of JMESPath as CEL, as far as they have a sure translation.

Follows what `propolis.lang.jmespath` gives: a key that is absent at the end of a way is an error, in CEL too;
projections leave out what is null; ``||`` takes what is absent or empty for false.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.expression import parse_expression
from propolis.policy.engine.convert.functions import FUNCTIONS
from propolis.policy.engine.convert.reading import compared, in_parentheses, is_true
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.terms import TRUE, Compare, Term, and_, not_, or_
from propolis.policy.engine.convert.texts import field, has, literal, optional
from propolis.policy.engine.convert.values import Constant, Found, Source, Stream, Truth, Value

Node = dict[str, Any]
_LEAVES = frozenset({"field", "index", "literal", "current", "identity"})
_SHORTEST = 3
"""Letters of a name that loses its last one for the name of an element."""
_UNMOVED = re.compile(r'request\."(object|oldObject)"')
"""An object that is named so that autogen leaves it alone."""
_QUOTED = re.compile(r"'\{\{((?:[^{}]|\{[^{}]*\})*)\}\}'")
_NAMES = {
    "containers": "container", "initContainers": "container", "ephemeralContainers": "container",
    "volumes": "volume", "volumeMounts": "mount", "ports": "port", "rules": "rule", "paths": "path",
    "groups": "group", "env": "env", "verbs": "verb", "resources": "resource", "add": "capability",
    "drop": "capability", "annotations": "key", "apiGroups": "apiGroup",
}  # fmt: skip


def translate(text: str, scope: Scope) -> Found:
    """The translation of an expression.

    Raises:
        Refused: It has none.
    """
    inner: dict[str, Found] = {}

    def take(found: re.Match[str]) -> str:
        mark = f"<variable {len(inner)}>"
        inner[mark] = FUNCTIONS["to_string"]([translate(found[1], scope)])
        return f"'{mark}'"

    plain = _QUOTED.sub(take, text.strip())
    if "{{" in plain:
        raise Refused(f"the expression {text!r} has a variable inside")
    try:
        tree = parse_expression(plain)
    except ExpressionError as error:
        raise Refused(f"the expression {text!r} cannot be read: {error.message}") from error
    if _UNMOVED.search(plain):
        scope = msgspec.structs.replace(scope, is_unmoved=True)
    return Translator(scope, inner).visit(tree, None)


class Translator:
    """Walks the tree of one expression."""

    def __init__(self, scope: Scope, inner: Mapping[str, Found]) -> None:
        self._scope = scope
        self._inner = inner
        self._used: list[str] = []

    def visit(self, node: Node, here: Found | None) -> Found:
        """What a node gives, begun at something; None for the root."""
        kind, children = node["type"], node["children"]
        if kind in ("subexpression", "index_expression"):
            for child in children:
                here = self.visit(child, here)
            return _found(here)
        if kind in ("comparator", "not_expression", "and_expression"):
            return Truth(self._truth(node, here))
        return self._leaf(node, here) if kind in _LEAVES else self._composed(node, here)

    def _leaf(self, node: Node, here: Found | None) -> Found:
        match node["type"]:
            case "field":
                return self._field(here, node["value"])
            case "index":
                return self._index(here, node["value"])
            case "literal":
                value = node["value"]
                known = self._inner.get(value) if isinstance(value, str) else None
                return Constant(value) if known is None else known
        return _found(here)

    def _composed(self, node: Node, here: Found | None) -> Found:
        kind, children = node["type"], node["children"]
        match kind:
            case "pipe":
                return self.visit(children[1], _whole(self.visit(children[0], here)))
            case "projection" | "filter_projection":
                return self._projection(node, here)
            case "or_expression":
                return self._or(self.visit(children[0], here), self.visit(children[1], here))
            case "function_expression":
                return self._call(node["value"], children, here)
        raise Refused(f"{kind.replace('_', ' ')} of JMESPath")

    def _field(self, here: Found | None, key: str) -> Found:
        if here is None:
            return self._root(key)
        if isinstance(here, Stream) and not here.is_whole:
            return msgspec.structs.replace(here, element=self._below(here.element, key))
        if isinstance(here, Value):
            return self._below(here, key)
        raise Refused(f"the field {key!r} of what is no object")

    def _root(self, key: str) -> Found:
        if key == "request":
            return Value("request", path=("request",))
        found = self._scope.names.get(key)
        if found is None:
            raise Refused(f"the variable {key!r}")
        return found

    def _below(self, one: Value, key: str) -> Value:
        path = (*one.path, key)
        if one.path == ("request",):
            return _of_request(key, path, self._scope.holder)
        if one.default is not None:
            raise Refused("a field of what may be a default")
        text = field(one.text, key)
        if self._scope.is_unmoved and one.path in (("object",), ("oldObject",)):
            text = f"{one.text}[{literal(key)}]"
            there: Term = TRUE if key == "metadata" else Compare(literal(key), "in", one.text)
            return Value(text, and_([one.there, there]), path)
        there = TRUE if text in self._scope.always else has(one.text, key)
        if path[:2] == ("request", "userInfo"):
            there = TRUE
        return Value(text, and_([one.there, there]), path)

    def _index(self, here: Found | None, index: int) -> Found:
        if isinstance(here, Stream) and not here.is_whole:
            element = here.element
            if index < 0:
                raise Refused("an index from the end within a projection")
            enough = Compare(f"{element.text}.size()", ">", str(index))
            at = Value(f"{element.text}[{index}]", and_([element.there, enough]), (*element.path, ""))
            return msgspec.structs.replace(here, element=at)
        if isinstance(here, Value) and index >= 0:
            enough = Compare(f"{here.text}.size()", ">", str(index))
            return Value(f"{here.text}[{index}]", and_([here.there, enough]), (*here.path, ""))
        raise Refused("an index from the end")

    def _projection(self, node: Node, here: Found | None) -> Found:
        children = node["children"]
        base = children[0]
        if base["type"] == "flatten":
            stream = self._flattened(base["children"][0], here)
        else:
            stream = self._elements(self.visit(base, here))
        if node["type"] == "filter_projection":
            last = stream.sources[-1]
            test = self._truth(children[2], stream.element)
            kept = msgspec.structs.replace(last, holds=and_([last.holds, stream.element.there, test]))
            stream = msgspec.structs.replace(stream, sources=(*stream.sources[:-1], kept))
        return self.visit(children[1], stream)

    def _flattened(self, base: Node, here: Found | None) -> Stream:
        if base["type"] == "subexpression" and base["children"][-1]["type"] == "multi_select_list":
            parts = base["children"][-1]["children"]
            holder = {**base, "children": base["children"][:-1]}
            owner = self.visit(holder, here)
            if not isinstance(owner, Value) or any(part["type"] != "field" for part in parts):
                raise Refused("lists chosen from a projection")
            texts = [optional(owner.text, [part["value"]], "[]") for part in parts]
            name = self._name((*owner.path, parts[0]["value"]))
            element = Value(name, path=(*owner.path, parts[-1]["value"], ""))
            return Stream((Source(name, f"({' + '.join(texts)})"),), element, owner.there)
        found = self.visit(base, here)
        if isinstance(found, Stream) and found.element.path[-1:] == ("",) and found.element.kind != "list":
            return msgspec.structs.replace(found, is_whole=False)
        return self._elements(found)

    def _elements(self, found: Found) -> Stream:
        """The elements of a list, or of the lists that a projection gives."""
        if isinstance(found, Constant) and isinstance(found.value, list):
            return Stream((Source(self._name(()), literal(found.value)),), Value("item"))
        if isinstance(found, Stream):
            element = found.element
            last = found.sources[-1]
            kept = msgspec.structs.replace(last, holds=and_([last.holds, element.there]))
            name = self._name(element.path)
            sources = (*found.sources[:-1], kept, Source(name, element.text))
            return Stream(sources, Value(name, path=(*element.path, "")), found.there)
        if isinstance(found, Value):
            name = self._name(found.path)
            return Stream(
                (Source(name, found.text),), Value(name, path=(*found.path, "")), found.there,
                found.default is not None,
            )  # fmt: skip
        raise Refused("the elements of what is no list")

    def _name(self, path: tuple[str, ...]) -> str:
        last = next((part for part in reversed(path) if part), "")
        name = _NAMES.get(last) or (
            last[:-1] if last.endswith("s") and last.isalpha() and len(last) > _SHORTEST else "item"
        )
        plain, number = name, 1
        while name in self._used or name in self._scope.taken or name in _TAKEN:
            number += 1
            name = f"{plain}{number}"
        self._used.append(name)
        return name

    def _or(self, left: Found, right: Found) -> Found:
        if isinstance(left, Truth) and isinstance(right, Truth):
            return Truth(or_([left.term, right.term]), left.can_fail or right.can_fail)
        if not isinstance(right, Constant):
            raise Refused("|| with something else than a constant")
        if isinstance(left, Stream):
            if right.value not in ([], "", {}):
                raise Refused("a default of a projection that is not empty")
            return msgspec.structs.replace(left, is_list=True) if right.value == [] else left
        if isinstance(left, Value):
            return msgspec.structs.replace(left, default=right) if left.there != TRUE else left
        raise Refused("|| of a constant")

    def _truth(self, node: Node, here: Found | None) -> Term:
        kind, children = node["type"], node["children"]
        if kind == "not_expression":
            return not_(self._truth(children[0], here))
        if kind == "and_expression":
            return and_([self._truth(children[0], here), self._truth(children[1], here)])
        if kind == "or_expression":
            return or_([self._truth(children[0], here), self._truth(children[1], here)])
        if kind == "comparator":
            return compared(self.visit(children[0], here), self.visit(children[1], here), node["value"])
        return is_true(self.visit(node, here))

    def _call(self, name: str, children: list[Node], here: Found | None) -> Found:
        function = FUNCTIONS.get(name)
        if function is None:
            raise Refused(f"the function {name}()")
        arguments = [self.visit(child, here) for child in children]
        streams = [item for item in arguments if isinstance(item, Stream)]
        if isinstance(here, Stream) and not here.is_whole and here in streams:
            inner = [here.element if item is here or item == here else item for item in arguments]
            found = function(inner)
            if isinstance(found, Truth):
                found = Value(in_parentheses(found.term), kind="bool")
            if not isinstance(found, Value):
                raise Refused(f"{name}() of each element")
            there = and_([here.element.there, found.there])
            return msgspec.structs.replace(here, element=msgspec.structs.replace(found, there=there))
        return function(arguments)


_TAKEN = frozenset(
    {"object", "request", "variables", "params", "type", "string", "int", "list", "map", "key0"}
)


def _found(here: Found | None) -> Found:
    if here is None:
        raise Refused("the whole context")
    return here


def _whole(found: Found) -> Found:
    """What the right side of a pipe begins with: a projection ends there."""
    return msgspec.structs.replace(found, is_whole=True) if isinstance(found, Stream) else found


def _of_request(key: str, path: tuple[str, ...], holder: str) -> Value:
    match key:
        case "object":
            return Value(holder, path=(key,))
        case "oldObject":
            return Value(key, path=(key,))
        case "operation" | "namespace" | "name" | "dryRun":
            return Value(f"request.{key}", path=path, kind="string", is_plain=key == "operation")
        case "userInfo":
            return Value("request.userInfo", path=path)
    raise Refused(f"request.{key}")
