"""Types and overloads of a tree, and what its names mean.

Follows cel-go checker/checker.go and checker/env.go @ v0.30.0: element types that do not agree are ``dyn``.
An unchecked expression goes the same way, and what does not fit is left to its evaluation.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    CheckedTree,
    Comprehension,
    Entry,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
    Tree,
)
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelTypeError, place_of, pointed
from propolis.lang.cel.library import Function
from propolis.lang.cel.names import Names, qualified_name
from propolis.lang.cel.substitution import most_general
from propolis.lang.cel.types import (
    BOOL,
    DYN,
    INT,
    Type,
    list_of,
    map_of,
    object_type,
    optional_of,
)
from propolis.lang.cel.values import literal_type

Checks = dict[type, Callable[[Any], Expr]]
_MOST_TOLD = 10
"""Errors of one expression that a message lists."""


def check(tree: Tree, environment: Environment, *, is_lenient: bool = False) -> CheckedTree:
    """The tree with its names resolved and its types known.

    Args:
        tree: What was parsed.
        environment: What it may use.
        is_lenient: Whether what does not fit is left to the evaluation.

    Raises:
        CelTypeError: A name that there is not, a call that no overload fits.
    """
    checker = _Checker(tree, environment)
    root = checker.check(tree.root)
    if checker.errors and not is_lenient:
        raise _error(tree.text, checker.errors)
    final = checker.substitution.applied
    return CheckedTree(
        tree.text,
        root,
        tree.offsets,
        tree.spans,
        tree.macros,
        {identity: final(found, is_final=True) for identity, found in checker.types.items()},
        checker.overloads,
        checker.constants,
        frozenset(checker.used),
    )


def _error(text: str, errors: list[tuple[int, str]]) -> CelTypeError:
    told = [pointed(message, text, offset) for offset, message in errors[:_MOST_TOLD]]
    return CelTypeError("\n".join(told), place_of(text, errors[0][0]))


class _Checker(Names):
    def __init__(self, tree: Tree, environment: Environment) -> None:
        super().__init__(tree, environment)
        self._checks: Checks = {
            Literal: self._literal,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListExpr: self._list,
            MapExpr: self._map,
            StructExpr: self._struct,
            Comprehension: self._comprehension,
        }

    def check(self, node: Expr) -> Expr:
        return self._checks[type(node)](node)

    # Names.

    def _literal(self, node: Literal) -> Expr:
        self.types[node.id] = literal_type(node.value)
        return node

    def _ident(self, node: Ident) -> Expr:
        if node.name in self.locals:
            self.types[node.id] = self.locals[node.name][-1]
            return node
        found = self.resolved(node.id, node.name)
        if found is None:
            where = f" (in container '{self.environment.container}')"
            self.told(node.id, f"undeclared reference to '{node.name.removeprefix('.')}'{where}")
            self.types[node.id] = DYN
            return node
        return found

    def _select(self, node: Select) -> Expr:
        if not node.tests_only and (found := self.qualified(node)) is not None:
            return found
        operand = self.check(node.operand)
        result, key = self._field(node.id, self.type_of(operand), node.field)
        self.types[node.id] = BOOL if node.tests_only else result
        return Select(node.id, operand, key, node.tests_only)

    def _field(self, node_id: int, operand: Type, field: str) -> tuple[Type, str]:
        """The type of a field, and its key in values."""
        target = operand.parameters[0] if operand.kind == "optional" else operand
        result, key = self._plain_field(node_id, self.substitution.applied(target), field)
        return (optional_of(result) if operand.kind == "optional" else result), key

    def _plain_field(self, node_id: int, target: Type, field: str) -> tuple[Type, str]:
        if target.kind == "map":
            return target.parameters[1], field
        if target.kind == "object" and (provider := self.environment.provider) is not None:
            fields = provider.fields(target.name)
            if fields is not None:
                if field in fields:
                    return fields[field], provider.key(target.name, field)
                self.told(node_id, f"undefined field '{field}'")
                return DYN, field
        if target.kind == "param":
            self.is_assignable(DYN, target)
        elif target.kind not in ("dyn", "object"):
            self.told(node_id, f"type '{target}' does not support field selection")
        return DYN, field

    # Calls.

    def _call(self, node: Call) -> Expr:
        if node.function == operators.OPTIONAL_SELECT and node.target is None:
            return self._optional_select(node)
        arguments = tuple(map(self.check, node.arguments))
        if node.target is None:
            return self._global_call(node, node.function, arguments)
        prefix = qualified_name(node.target)
        if prefix and prefix.split(".", 1)[0] not in self.locals:
            name = f"{prefix}.{node.function}"
            if self.function(name) is not None:
                return self._global_call(node, name, arguments)
        target = self.check(node.target)
        function = self.function(node.function)
        if function is None:
            return self.unknown(Call(node.id, node.function, arguments, target))
        call = Call(node.id, function.name, arguments, target)
        self._overloaded(call, function, [self.type_of(target), *map(self.type_of, arguments)])
        return call

    def _global_call(self, node: Call, name: str, arguments: tuple[Expr, ...]) -> Expr:
        function = self.function(name)
        if function is None:
            return self.unknown(Call(node.id, name, arguments))
        call = Call(node.id, function.name, arguments)
        if function.name in (operators.AND, operators.OR):
            self._logical(call, function)
        else:
            self._overloaded(call, function, list(map(self.type_of, arguments)))
        return call

    def _logical(self, call: Call, function: Function) -> None:
        self.types[call.id] = BOOL
        self.overloads[call.id] = (function.overloads[0].id,)
        for argument in call.arguments:
            found = self.type_of(argument)
            if not self.is_assignable(found, BOOL):
                self.told(argument.id, f"expected type 'bool' but found '{found}'")

    def _overloaded(self, call: Call, function: Function, given: list[Type]) -> None:
        """Every overload that fits; the results agree or are ``dyn``."""
        is_member = call.target is not None
        result: Type | None = None
        fitting: list[str] = []
        for overload in function.overloads:
            if overload.is_member != is_member or len(overload.arguments) != len(given):
                continue
            *wanted, gives = self.substitution.instance((*overload.arguments, overload.result))
            if not self.substitution.assignable(given, wanted):
                continue
            fitting.append(overload.id)
            gives = self.substitution.applied(gives)
            if result is None:
                result = gives
            elif result.kind != "dyn" and gives != result:
                result = DYN
        if result is None:
            shown = ", ".join(str(self.substitution.applied(one, is_final=True)) for one in given[is_member:])
            receiver = f"{self.substitution.applied(given[0], is_final=True)}." if is_member else ""
            self.told(
                call.id, f"found no matching overload for '{call.function}' applied to '{receiver}({shown})'"
            )
        self.types[call.id] = DYN if result is None else result
        self.overloads[call.id] = tuple(fitting)

    def _optional_select(self, node: Call) -> Expr:
        operand, field = node.arguments
        operand = self.check(operand)
        found = self.type_of(operand)
        name = field.value if isinstance(field, Literal) else ""
        result, key = self._field(node.id, found, name)
        self.types[field.id] = literal_type(name)
        self.types[node.id] = result if found.kind == "optional" else optional_of(result)
        self.overloads[node.id] = ("select_optional_field",)
        return Call(node.id, node.function, (operand, Literal(field.id, key)))

    # Aggregates.

    def _join(self, previous: Type | None, current: Type) -> Type:
        if previous is None:
            return current
        if not self.is_assignable(previous, current):
            return DYN
        if current.kind == "null_type" or previous.kind == "null_type":
            return previous if current.kind == "null_type" else current
        return most_general(previous, current)

    def _unwrapped(self, node: Expr) -> Type:
        """The type within an element that is marked optional."""
        found = self.type_of(node)
        if found.kind == "optional":
            return found.parameters[0]
        if found.kind != "dyn":
            self.told(node.id, f"expected type 'optional_type({found})' but found '{found}'")
        return found

    def _list(self, node: ListExpr) -> Expr:
        elements = tuple(map(self.check, node.elements))
        joined: Type | None = None
        for index, element in enumerate(elements):
            found = self._unwrapped(element) if index in node.optionals else self.type_of(element)
            joined = self._join(joined, found)
        self.types[node.id] = list_of(self.substitution.fresh() if joined is None else joined)
        return ListExpr(node.id, elements, node.optionals)

    def _map(self, node: MapExpr) -> Expr:
        keys: Type | None = None
        values: Type | None = None
        entries = []
        for entry in node.entries:
            key = entry.key if isinstance(entry.key, str) else self.check(entry.key)
            value = self.check(entry.value)
            if not isinstance(key, str):
                keys = self._join(keys, self.type_of(key))
            values = self._join(values, self._unwrapped(value) if entry.is_optional else self.type_of(value))
            entries.append(Entry(entry.id, key, value, entry.is_optional))
        self.types[node.id] = map_of(
            self.substitution.fresh() if keys is None else keys,
            self.substitution.fresh() if values is None else values,
        )
        return MapExpr(node.id, tuple(entries))

    def _struct(self, node: StructExpr) -> Expr:
        provider = self.environment.provider
        name, fields = node.name, None
        for candidate in self.environment.candidates(node.name):
            if provider is not None and (fields := provider.fields(candidate)) is not None:
                name = candidate
                break
        if fields is None:
            where = f" (in container '{self.environment.container}')"
            self.told(node.id, f"undeclared reference to '{node.name}'{where}")
        entries = tuple(self._struct_entry(entry, fields) for entry in node.entries)
        self.types[node.id] = object_type(name)
        return StructExpr(node.id, name, entries)

    def _struct_entry(self, entry: Entry, fields: Any) -> Entry:
        value = self.check(entry.value)
        found = self._unwrapped(value) if entry.is_optional else self.type_of(value)
        if fields is not None:
            wanted = fields.get(entry.key)
            if wanted is None:
                self.told(entry.id, f"undefined field '{entry.key}'")
            elif not self.is_assignable(wanted, found):
                self.told(
                    entry.id,
                    f"expected type of field '{entry.key}' is '{wanted}' but provided type is '{found}'",
                )
        return Entry(entry.id, entry.key, value, entry.is_optional)

    # Comprehensions.

    def _comprehension(self, node: Comprehension) -> Expr:
        range_, start = self.check(node.range), self.check(node.start)
        kinds = self._element_types(node, self.type_of(range_))
        self.enter(node.accumulator, self.types[start.id])
        self.enter(node.variable, kinds[0])
        if node.second_variable:
            self.enter(node.second_variable, kinds[1])
        condition = self.check(node.condition)
        self._expects(condition, BOOL)
        step = self.check(node.step)
        self._expects(step, self.types[start.id])
        self.leave(node.variable)
        if node.second_variable:
            self.leave(node.second_variable)
        result = self.check(node.result)
        self.leave(node.accumulator)
        self.types[node.id] = self.type_of(result)
        return Comprehension(
            node.id,
            range_,
            node.variable,
            node.second_variable,
            node.accumulator,
            start,
            condition,
            step,
            result,
        )

    def _element_types(self, node: Comprehension, range_: Type) -> tuple[Type, Type]:
        if range_.kind == "list":
            return (INT, range_.parameters[0]) if node.second_variable else (range_.parameters[0], DYN)
        if range_.kind == "map":
            return range_.parameters[0], range_.parameters[1]
        if range_.kind in ("dyn", "param"):
            self.is_assignable(DYN, range_)
        else:
            message = f"expression of type '{range_}' cannot be range of a comprehension"
            self.told(node.range.id, f"{message} (must be list, map, or dynamic)")
        return DYN, DYN

    def _expects(self, node: Expr, wanted: Type) -> None:
        if not self.is_assignable(wanted, self.types[node.id]):
            self.told(node.id, f"expected type '{wanted}' but found '{self.type_of(node)}'")
