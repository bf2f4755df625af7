"""Strategic merge patches as objects that are applied (``Object{...}``).

Follows `propolis.policy.engine.patch_anchors`: ``+(key)`` is added where it is absent, ``(key)`` must be met
by what holds it, an element with conditions is for every element that meets them.
"""

from typing import Any

import msgspec

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.convert.patterns import PatternWriter
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.strings import text_of
from propolis.policy.engine.convert.terms import FALSE, TRUE, Call, Compare, Term, and_, not_, or_, written
from propolis.policy.engine.convert.texts import field, has, is_name, literal
from propolis.policy.engine.patch_anchors import has_anchors
from propolis.policy.engine.strategic_merge import DIRECTIVE

_INDENT = "  "


class Applied(msgspec.Struct, frozen=True):
    """An object that is applied.

    Attributes:
        text: The expression.
        conditions: When the patch is for the object.
        changes: When it changes something, as far as can be told; true where it cannot.
    """

    text: str
    conditions: Term
    changes: Term


def applied_object(patch: Any, scope: Scope) -> Applied:
    """The expression of a patch.

    Raises:
        Refused: The patch removes something, or has no sure translation.
    """
    writer = _Writer(scope)
    text = writer.object(patch, "Object", "object", (), TRUE, 0)
    return Applied(text, and_(writer.conditions), or_(writer.changes))


class _Writer:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._patterns = PatternWriter(_no_variables, scope.always)
        self.conditions: list[Term] = []
        self.changes: list[Term] = []

    def object(
        self, patch: Any, type_name: str, base: str, path: tuple[str, ...], there: Term, level: int
    ) -> str:
        """A map of the patch as an object of a type.

        Args:
            patch: The map.
            type_name: ``Object.spec``.
            base: What it is applied to.
            path: Keys above it.
            there: Whether ``base`` is there.
            level: Of indentation.
        """
        if not isinstance(patch, dict) or DIRECTIVE in patch:
            raise Refused("a patch with directives")
        if not patch or any(not is_name(_plain(key)) for key in patch):
            return self._map(patch, base, there)
        fields = []
        for key, value in patch.items():
            anchor = parse_anchor(key)
            name = anchor.key if anchor else key
            modifier = anchor.modifier if anchor else None
            if modifier in (anchors.CONDITION, anchors.GLOBAL):
                self._condition(modifier, name, value, base, path)
                continue
            found = self._field(name, value, type_name, base, path, there, level, modifier)
            fields.append(f"{_INDENT * (level + 1)}{found}")
        inner = ",\n".join(fields)
        return f"{type_name}{{\n{inner}\n{_INDENT * level}}}" if fields else f"{type_name}{{}}"

    def _field(
        self, name: str, value: Any, type_name: str, base: str, path: tuple[str, ...], there: Term,
        level: int, modifier: str | None,
    ) -> str:  # fmt: skip
        at = field(base, name)
        is_there = and_([there, TRUE if at in self._scope.always else has(base, name)])
        if modifier == anchors.ADD:
            kept, self.changes = self.changes, []
            made = self._value(without_add(value), f"{type_name}.{name}", at, (*path, name), FALSE, level + 1)
            self.changes = [*kept, not_(is_there)]
            return f"?{name}: {written(is_there)} ? optional.none() : optional.of({made})"
        return f"{name}: {self._value(value, f'{type_name}.{name}', at, (*path, name), is_there, level + 1)}"

    def _value(
        self, value: Any, type_name: str, base: str, path: tuple[str, ...], there: Term, level: int
    ) -> str:
        if isinstance(value, dict):
            return self.object(value, type_name, base, path, there, level)
        if isinstance(value, list):
            return self._list(value, type_name, base, path, there, level)
        text = self._scalar(value)
        self.changes.append(not_(and_([there, Compare(base, "==", text)])))
        return text

    def _scalar(self, value: Any) -> str:
        if value is None:
            raise Refused("a patch that removes a field")
        return text_of(value, self._scope, may_fail=True) if isinstance(value, str) else literal(value)

    def _map(self, patch: dict[str, Any], base: str, there: Term) -> str:
        """Labels and the like, of which the values are texts."""
        if not all(isinstance(value, str) for value in patch.values()) or has_anchors(patch):
            raise Refused("keys that are no names in an object of several types")
        for key, value in patch.items():
            same = Compare(field(base, key), "==", self._scalar(value))
            self.changes.append(not_(and_([there, has(base, key), same])))
        if not patch:
            self.changes.append(TRUE)
        return "{" + ", ".join(f"{literal(key)}: {self._scalar(value)}" for key, value in patch.items()) + "}"

    def _list(
        self, items: list[Any], type_name: str, base: str, path: tuple[str, ...], there: Term, level: int
    ) -> str:
        if not all(isinstance(item, dict) for item in items):
            if any(isinstance(item, dict | list) for item in items):
                raise Refused("a list of values of several types")
            self.changes.append(TRUE)
            return f"[{', '.join(map(self._scalar, items))}]"
        if not any(map(has_anchors, items)):
            self.changes.append(TRUE)
            made = [self.object(item, type_name, base, (*path, ""), FALSE, level) for item in items]
            return f"[{', '.join(made)}]"
        if len(items) != 1:
            raise Refused("several elements with anchors")
        return self._repeated(items[0], type_name, base, path, there, level)

    def _repeated(
        self, item: dict[str, Any], type_name: str, base: str, path: tuple[str, ...], there: Term, level: int
    ) -> str:
        """An element of the patch for every element that meets its conditions, by name."""
        inner = _Writer(self._scope)
        name = "element"
        rest = {key: value for key, value in item.items() if _plain(key) != "name"}
        wanted = {key: value for key, value in item.items() if _plain(key) == "name"}
        inner.object(wanted, type_name, name, (*path, ""), TRUE, level)
        inner.changes = []
        body = inner.object({"name": "", **rest}, type_name, name, (*path, ""), TRUE, level)
        body = body.replace("name: ''", f"name: {name}.name", 1)
        condition = and_([has(name, "name"), *inner.conditions])
        changes = or_(inner.changes[1:])
        changed = written(and_([condition, changes]))
        self.changes.append(and_([there, Call(f"{base}.exists({name}, {changed})")]))
        source = base if there == TRUE else f"({written(there)} ? {base} : [])"
        if any("name" in one for one in wanted):
            kept = f".filter({name}, {written(condition)})"
            return f"{source}{kept}.map({name}, {body})"
        return f"{source}.map({name}, {body})"

    def _condition(self, modifier: str, name: str, value: Any, base: str, path: tuple[str, ...]) -> None:
        if isinstance(value, dict | list) or modifier == anchors.GLOBAL:
            raise Refused("a condition on more than a scalar")
        key = f"({name})"
        self.conditions.append(self._patterns.write({key: value}, base, path).meets)


def _plain(key: str) -> str:
    anchor = parse_anchor(key)
    return anchor.key if anchor else key


def without_add(value: Any) -> Any:
    """What is added whole: everything in it is new."""
    if isinstance(value, dict):
        return {
            (
                anchor.key if (anchor := parse_anchor(key)) and anchor.modifier == anchors.ADD else key
            ): without_add(item)
            for key, item in value.items()
        }
    if has_anchors(value):
        raise Refused("anchors within what is added")
    return value


def _no_variables(pattern: str, value: str) -> Term:
    del value
    raise Refused(f"the condition {pattern!r} has a variable")
