"""Judges an object by a definition: its shape, then the rules at every level.

Follows apiextensions-apiserver pkg/apiserver/schema/cel/validation.go @ v0.36.3: within one budget; on a
change only what changed is an error, and rules about a change are for values that were there before.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document
from propolis.lang.cel.cost.counter import Counter
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.values import NONE, OptionalValue
from propolis.policy.engine.cel.budget import CALL_COST, OUT_OF_BUDGET, POLICY_COST
from propolis.policy.engine.crd.defaults import with_defaults
from propolis.policy.engine.crd.field_errors import BLOCKING, OMITTED, FieldError, child
from propolis.policy.engine.crd.rules import OLD_SELF, SELF, CompiledRule, RuleNode
from propolis.policy.engine.crd.shape import MOST_ERRORS, shape_errors

LONGEST_MESSAGE = 5 * 1024
"""Bytes of what a message expression may give."""
NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
_ABSENT: Any = object()


def validate(
    node: RuleNode,
    schema: Document,
    document: Document,
    old: Document | None = None,
    *,
    is_cheap: bool = False,
) -> list[FieldError]:
    """What is wrong with an object; warnings are for what an update does not change.

    Args:
        node: The rules of the schema.
        schema: Of the version of the object.
        document: The object; defaults are set here.
        old: The object before an update.
        is_cheap: Whether all rules together cannot meet a limit of cost, so that costs are not counted.
    """
    value = with_defaults(document, schema)
    errors = [one for _, one in zip(range(MOST_ERRORS), shape_errors(value, schema), strict=False)]
    if any(one.reason in BLOCKING for one in errors):
        return [*errors, FieldError("", "FieldValueInvalid", None, NOT_CHECKED)]
    before = _ABSENT if old is None else with_defaults(old, schema)
    walk = _Walk(is_cheap=is_cheap)
    walk.visit(node, value, before, "", is_same_above=False)
    return [*errors, *walk.errors]


class _Stop(Exception):  # noqa: N818  # no error: the budget is spent
    pass


class _Walk:
    def __init__(self, *, is_cheap: bool) -> None:
        self.errors: list[FieldError] = []
        self._is_cheap = is_cheap
        self._left = POLICY_COST
        self._runtime = Runtime(datetime.min.replace(tzinfo=UTC), _refuse)

    def visit(self, node: RuleNode, value: Any, old: Any, path: str, *, is_same_above: bool) -> None:
        """Rules of a value and of what is in it."""
        try:
            self._visit(node, value, old, path, is_same_above=is_same_above)
        except _Stop:
            return

    def _visit(self, node: RuleNode, value: Any, old: Any, path: str, *, is_same_above: bool) -> None:
        """Raises `_Stop`."""
        if value is None:
            return
        is_same = old == value if old is not _ABSENT else is_same_above
        self._evaluate(node, value, old, path, is_same=is_same)
        for part in node.all_of:
            self._visit(part, value, old, path, is_same_above=is_same_above)
        for inner, item, before, at in _below(node, value, old, path):
            self._visit(inner, item, before, at, is_same_above=is_same)

    def _evaluate(self, node: RuleNode, value: Any, old: Any, path: str, *, is_same: bool) -> None:
        kind = str(node.schema.get("type", ""))
        if node.error:
            detail = f"rule compiler initialization error: {node.error}"
            self._add(FieldError(path, "FieldValueInvalid", kind, detail))
            return
        if not node.rules:
            return
        try:
            read = node.declared.read if node.declared else None
            own = value if read is None else read(value)
            before = old if old is _ABSENT or old is None or read is None else read(old)
        except EvaluationError as error:
            self._add(FieldError(path, "FieldValueInvalid", kind, error.message))
            return
        has_old = before is not _ABSENT and before is not None
        for rule in node.rules:
            variables = {SELF: own, OLD_SELF: _old(rule, before, has_old=has_old)}
            if rule.error:
                detail = f"rule compile error: compilation failed: {rule.error}"
                self._add(FieldError(path, "FieldValueInvalid", kind, detail))
            elif rule.program is not None and (has_old or not rule.uses_old or rule.rule.optional_old_self):
                self._judge(rule, variables, value, path, kind, is_same=is_same and not rule.uses_old)

    def _judge(
        self,
        rule: CompiledRule,
        variables: Mapping[str, Any],
        value: Any,
        path: str,
        kind: str,
        *,
        is_same: bool,
    ) -> None:
        """Raises `_Stop`."""
        try:
            holds = self._spent(rule, variables)
        except CostError as error:
            text = "no further validation rules will be run due to call cost exceeds limit for rule"
            self._add(FieldError(path, "FieldValueInvalid", kind, f"'{error.message}': {text}: {rule.told}"))
            raise _Stop from error
        except EvaluationError as error:
            self._add(FieldError(path, "FieldValueInvalid", kind, _failure(error.message, rule.told)))
            return
        if holds is True:
            return
        detail = self._message(rule, variables)
        at = child(path, rule.field_path) if rule.field_path else path
        reason = rule.rule.reason or "FieldValueInvalid"
        shown = OMITTED if kind in ("object", "array") else value
        self._add(FieldError(at, reason, shown, detail, is_warning=is_same))

    def _spent(self, rule: CompiledRule, variables: Mapping[str, Any]) -> Any:
        """The value of a rule within the budget. Raises `EvaluationError`, `_Stop`."""
        if rule.program is None or rule.plan is None:
            return True
        if self._is_cheap:
            return rule.program.evaluate(variables, self._runtime)
        counter = Counter(rule.plan, CALL_COST)
        try:
            return rule.program.evaluate_observed(variables, self._runtime, counter.observe)
        finally:
            self._left -= counter.cost
            if self._left < 0:
                self._add(FieldError("", "FieldValueInvalid", None, OUT_OF_BUDGET))
                raise _Stop

    def _message(self, rule: CompiledRule, variables: Mapping[str, Any]) -> str:
        """What the message expression gives, where that is one line; else the text of the rule."""
        otherwise = (rule.rule.message or "").strip() or f"failed rule: {rule.told}"
        if rule.message is None:
            return otherwise
        try:
            found = rule.message.evaluate(variables, self._runtime)
        except EvaluationError:
            return otherwise
        text = found.strip() if isinstance(found, str) else ""
        is_usable = text and "\n" not in text and len(text.encode()) <= LONGEST_MESSAGE
        return text if is_usable else otherwise

    def _add(self, error: FieldError) -> None:
        self.errors.append(error)
        if len(self.errors) >= MOST_ERRORS:
            raise _Stop


def _refuse(key: LookupKey) -> Answer:
    return Answer(error=f"{key.kind} cannot be asked by a rule of a definition")


def _failure(message: str, told: str) -> str:
    if message.startswith("no such overload"):
        text = "call arguments did not match a supported operator, function or macro signature for rule"
        return f"'{message}': {text}: {told}"
    return f"{message} evaluating rule: {told}"


def _old(rule: CompiledRule, before: Any, *, has_old: bool) -> Any:
    if not rule.rule.optional_old_self:
        return before if has_old else None
    return OptionalValue(before) if has_old else NONE


def _below(node: RuleNode, value: Any, old: Any, path: str) -> Iterator[tuple[RuleNode, Any, Any, str]]:
    """What is in a value, with what it was before where that can be told."""
    if isinstance(value, list) and node.items is not None:
        earlier = _by_keys(node.schema, old)
        for index, item in enumerate(value):
            yield node.items, item, earlier.get(_key(node.schema, item), _ABSENT), f"{path}[{index}]"
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            earlier_value = before.get(key, _ABSENT)
            if node.values is not None:
                yield node.values, item, earlier_value, f"{path}[{key}]"
            elif key in node.properties:
                yield node.properties[key], item, earlier_value, child(path, str(key))


def _by_keys(schema: Mapping[str, Any], old: Any) -> dict[Any, Any]:
    """Elements of a list of which keys tell them apart; of other lists none, for nobody knows which is it."""
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list):
        return {}
    return {_key(schema, item): item for item in old if isinstance(item, dict)}


_encode = msgspec.json.Encoder(order="deterministic").encode


def _key(schema: Mapping[str, Any], item: Any) -> Any:
    keys = schema.get("x-kubernetes-list-map-keys")
    if not isinstance(item, dict) or not isinstance(keys, list):
        return None
    return _encode([item.get(str(key)) for key in keys])
