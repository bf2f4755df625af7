"""How a value that an expression gave is read: its text, its kind, its truth, how it compares."""

from propolis.policy.engine.convert.leaves import SCALAR_LISTS, WHOLE_NUMBERS
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import Call, Compare, Term, and_, not_, or_, written
from propolis.policy.engine.convert.texts import literal
from propolis.policy.engine.convert.values import Constant, Found, Truth, Value


def in_parentheses(term: Term) -> str:
    """A condition as the operand of a method."""
    return written(term) if isinstance(term, Call) else f"({written(term)})"


def kind_of(one: Value) -> str:
    """What a value is, as its name tells: ``int``, ``list`` or ``string``."""
    if one.kind:
        return one.kind
    last = one.path[-1] if one.path else ""
    if last in WHOLE_NUMBERS and last not in SCALAR_LISTS:
        return "int"
    is_amount = len(one.path) > 1 and one.path[-2] in ("limits", "requests")
    return "list" if (last in SCALAR_LISTS or last == "groups") and not is_amount else ""


def as_text(one: Value, fallback: str = "''") -> str:
    """A value with its default in place, where it has one."""
    if one.default is None:
        return one.text
    default = literal(one.default.value)
    if one.default.value in ("", [], {}):
        return with_default(one, default)
    filled = and_([one.there, Compare(one.text, "!=", fallback)])
    return f"({written(filled)} ? {one.text} : {default})"


def with_default(one: Value, default: str) -> str:
    """``base.?key.orValue(default)`` where the value is fields of something, else a choice."""
    return f"({written(one.there)} ? {one.text} : {default})"


def is_true(found: Found) -> Term:
    """Whether JMESPath takes something for true. Raises `Refused`."""
    if isinstance(found, Truth):
        return found.term
    if isinstance(found, Value):
        if found.default is not None:
            raise Refused("the truth of a default")
        return found.there if found.path and not found.kind else Call(found.text)
    raise Refused("the truth of a list")


def compared(left: Found, right: Found, operator: str) -> Term:
    """A comparison within an expression. Raises `Refused`."""
    signs = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "lte": "<=", "gte": ">="}
    sign = signs[operator]
    if (
        isinstance(left, Truth)
        and isinstance(right, Constant)
        and type(right.value) is bool
        and sign in ("==", "!=")
    ):
        return left.term if right.value is (sign == "==") else not_(left.term)
    if isinstance(left, Value) and isinstance(right, Constant):
        same = and_(
            [left.there, Compare(as_text(left), sign if sign != "!=" else "==", literal(right.value))]
        )
        return not_(same) if sign == "!=" else same
    if isinstance(left, Value) and isinstance(right, Value) and sign in ("==", "!="):
        same = or_([
            and_([not_(left.there), not_(right.there)]),
            and_([left.there, right.there, Compare(left.text, "==", right.text)]),
        ])  # fmt: skip
        return not_(same) if sign == "!=" else same
    raise Refused("a comparison of lists")
