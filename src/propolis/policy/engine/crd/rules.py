"""A schema to compiled rules at every level.

Follows apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go @ v0.36.3.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from propolis.core.errors import DocumentError, LimitError
from propolis.lang.cel.cost.counter import Plan
from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.schema_sizes import schema_sizes
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.libraries.kubernetes.environments import environment_at, literals_at
from propolis.lang.cel.libraries.kubernetes.literal_checks import check_literals
from propolis.lang.cel.openapi.schemas import Declared, ObjectTypes
from propolis.lang.cel.program import Program, compile_expression
from propolis.lang.cel.types import Type, optional_of
from propolis.policy.engine.crd.field_paths import normalized_path
from propolis.policy.model.crd import CrdRule

SELF, OLD_SELF = "self", "oldSelf"
_TYPE = "@self"
"""Name of the type of a value; no expression can say it, so that it hides no field."""
VALIDATIONS = "x-kubernetes-validations"
MOST_LEVELS = 100
"""Deepest nesting of a schema that is compiled."""
MOST_NODES = 20_000
"""Most parts of a schema that are compiled."""


class CompiledRule(msgspec.Struct, frozen=True):
    """A rule and its programs.

    Attributes:
        program: None where it cannot be used, or is empty.
        error: Why it cannot.
        message_error: Why its message expression cannot.
        field_path: Below the value that the rule is about, normalized.
        cost: The most that one evaluation costs, by the schema.
    """

    rule: CrdRule
    program: Program | None = None
    message: Program | None = None
    error: str = ""
    message_error: str = ""
    field_path: str = ""
    cost: int = 0
    message_cost: int = 0
    plan: Plan | None = None

    @property
    def uses_old(self) -> bool:
        """Whether it is about a change."""
        return self.program is not None and OLD_SELF in self.program.tree.variables

    @property
    def told(self) -> str:
        """How errors call it."""
        return (self.rule.message or self.rule.rule).strip()


class RuleNode(msgspec.Struct, frozen=True):
    """One level of a schema: its rules, and those of what is below.

    Attributes:
        path: Of the schema, below ``openAPIV3Schema``.
        declared: What expressions know of its values.
    """

    schema: Mapping[str, Any]
    path: tuple[str | int, ...]
    rules: tuple[CompiledRule, ...]
    declared: Declared | None = None
    error: str = ""
    properties: Mapping[str, "RuleNode"] = {}
    values: "RuleNode | None" = None
    items: "RuleNode | None" = None
    all_of: tuple["RuleNode", ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule at all here and below."""
        below = (*self.properties.values(), self.values, self.items, *self.all_of)
        return not self.rules and not self.error and all(one is None or one.is_empty for one in below)


def compile_rules(schema: Mapping[str, Any]) -> RuleNode:
    """The rules of a schema.

    Raises:
        LimitError: It is nested too deep or too large.
        DocumentError: A rule has a wrong shape.
    """
    return _Compiler().node(schema, schema, (), is_root=True)


_NO_RULES: tuple[tuple[CompiledRule, ...], Declared | None, str] = ((), None, "")


class _Compiler:
    def __init__(self) -> None:
        self._nodes = 0

    def node(
        self,
        schema: Mapping[str, Any],
        spine: Mapping[str, Any],
        path: tuple[str | int, ...],
        *,
        is_root: bool = False,
    ) -> RuleNode:
        """A level: ``schema`` has the rules, ``spine`` tells the types; they differ below ``allOf``."""
        self._nodes += 1
        if self._nodes > MOST_NODES or len(path) > 2 * MOST_LEVELS:
            raise LimitError(f"the schema has more than {MOST_NODES} parts or {MOST_LEVELS} levels")
        is_resource = is_root or bool(spine.get("x-kubernetes-embedded-resource"))
        stated = schema.get(VALIDATIONS)
        made = _rules(_list(stated), spine, is_resource=is_resource) if stated else _NO_RULES
        rules, declared, error = made
        return RuleNode(
            spine,
            path,
            rules,
            declared,
            error,
            self._properties(schema, spine, path),
            self._below(schema, spine, "additionalProperties", path),
            self._below(schema, spine, "items", path),
            tuple(
                self.node(one, spine, (*path, "allOf", index), is_root=is_root)
                for index, one in enumerate(_list(schema.get("allOf")))
                if isinstance(one, Mapping)
            ),
        )

    def _properties(
        self, schema: Mapping[str, Any], spine: Mapping[str, Any], path: tuple[str | int, ...]
    ) -> dict[str, RuleNode]:
        types = spine.get("properties")
        found: dict[str, RuleNode] = {}
        for name, inner in _mapping(schema.get("properties")).items():
            known = types.get(name) if isinstance(types, Mapping) else None
            if isinstance(inner, Mapping) and isinstance(known, Mapping):
                made = self.node(inner, known, (*path, "properties", str(name)))
                if not made.is_empty:
                    found[str(name)] = made
        return found

    def _below(
        self, schema: Mapping[str, Any], spine: Mapping[str, Any], key: str, path: tuple[str | int, ...]
    ) -> RuleNode | None:
        inner, known = schema.get(key), spine.get(key)
        if not isinstance(inner, Mapping) or not isinstance(known, Mapping):
            return None
        made = self.node(inner, known, (*path, key))
        return None if made.is_empty else made


def _rules(
    stated: list[Any], schema: Mapping[str, Any], *, is_resource: bool
) -> tuple[tuple[CompiledRule, ...], Declared | None, str]:
    types = ObjectTypes()
    declared = types.declare(schema, _TYPE, is_root=is_resource)
    if declared is None:
        return (), None, "failed to convert to declType for CEL validation rules"
    rules = []
    for one in stated:
        try:
            rule = msgspec.convert(one, CrdRule)
        except msgspec.ValidationError as error:
            raise DocumentError(f"{VALIDATIONS}: {error}", expected="a rule") from None
        rules.append(_compiled(rule, schema, declared.type, types))
    return tuple(rules), declared, ""


@cache
def _base() -> Environment:
    return Environment(environment_at(), {}, uses_cross_type_numerics=True)


def _compiled(rule: CrdRule, schema: Mapping[str, Any], of: Type, types: ObjectTypes) -> CompiledRule:
    """Follows compileRule."""
    if not rule.rule.strip():
        return CompiledRule(rule)
    old = optional_of(of) if rule.optional_old_self else of
    environment = _base().with_provider(types, {SELF: of, OLD_SELF: old})
    sizes = schema_sizes({SELF: schema, OLD_SELF: schema})
    try:
        program = _program(rule.rule, environment, "bool", "cel expression must evaluate to a bool")
    except CelError as error:
        return CompiledRule(rule, error=error.message)
    message, message_error = None, ""
    if rule.message_expression:
        try:
            wrong = "messageExpression must evaluate to a string"
            message = _program(rule.message_expression, environment, "string", wrong)
        except CelError as error:
            message_error = error.message
    return CompiledRule(
        rule,
        program,
        message,
        message_error=message_error,
        field_path=normalized_path(rule.field_path, schema) or "" if rule.field_path else "",
        cost=estimate(program.tree, sizes).high,
        message_cost=estimate(message.tree, sizes).high if message else 0,
        plan=Plan(program.tree),
    )


def _program(text: str, environment: Environment, kind: str, wrong: str) -> Program:
    """Raises `CelError`."""
    program = compile_expression(text, environment)
    check_literals(program.tree, literals_at())
    if program.type.kind != kind:
        raise CelError(wrong)
    return program


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
