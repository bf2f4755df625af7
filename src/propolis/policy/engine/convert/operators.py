"""Conditions as CEL: what `propolis.policy.engine.operators` says of a key and a value."""

from functools import partial
from typing import Any

from propolis.lang.duration import parse_duration
from propolis.lang.quantity import parse_quantity
from propolis.policy.engine.convert.reading import as_text, kind_of
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import FALSE, TRUE, Call, Compare, Term, and_, not_, or_
from propolis.policy.engine.convert.texts import literal, one_of
from propolis.policy.engine.convert.values import Constant, Found, Source, Stream, Truth, Value
from propolis.policy.engine.formatting import go_text
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.engine.scalars import RANGE

_SIGNS = {
    "greaterthan": ">", "greaterthanorequals": ">=", "lessthan": "<", "lessthanorequals": "<=",
}  # fmt: skip
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_SETS = {"in": "anyin", "notin": "anynotin", "anyin": "anyin", "anynotin": "anynotin", "allin": "allin",
         "allnotin": "allnotin"}  # fmt: skip
_AS_REGEX = (
    "{0}.split('').map(c, c == '*' ? '.*' : c == '?' ? '.' : "
    "c.matches('[[:punct:]]') ? '\\\\' + c : c).join('')"
)


def compare(name: str, key: Found, value: Found) -> Truth:
    """Whether a condition holds.

    Raises:
        Refused: It has no sure translation.
    """
    operator = name.lower()
    if isinstance(key, Constant) and isinstance(value, Constant):
        return Truth(TRUE if OPERATORS[operator](key.value, value.value) else FALSE)
    term = _term(operator, key, value)
    return Truth(term, _can_fail(key) or _can_fail(value))


def _can_fail(found: Found) -> bool:
    if isinstance(found, Truth):
        return found.can_fail
    return isinstance(found, Value) and found.there != TRUE and found.default is None


def _term(operator: str, key: Found, value: Found) -> Term:
    if operator in ("equal", "equals"):
        return _equals(key, value)
    if operator in ("notequal", "notequals"):
        return not_(_equals(key, value))
    if operator in _SIGNS:
        return _ordered(_SIGNS[operator], key, value)
    if operator in _SETS:
        return _in_set(_SETS[operator], key, value)
    raise Refused(f"the operator {operator}")


def _equals(key: Found, value: Found) -> Term:
    if isinstance(value, Truth):
        key, value = value, key
    if isinstance(key, Truth):
        if not isinstance(value, Constant) or type(value.value) is not bool:
            raise Refused("a truth compared with something else than true or false")
        return key.term if value.value else not_(key.term)
    if isinstance(key, Constant) and isinstance(value, Value):
        return _pattern_of(value, key.value)
    if isinstance(key, Value) and isinstance(value, Constant):
        return _equals_constant(key, value.value)
    if isinstance(key, Value) and isinstance(value, Value) and kind_of(key) == kind_of(value) == "int":
        return Compare(as_text(key), "==", as_text(value))
    raise Refused("lists or texts of two places compared with each other")


def _equals_constant(key: Value, value: Any) -> Term:
    text = as_text(key)
    if isinstance(value, bool):
        return Compare(text, "==", literal(value))
    if isinstance(value, int | float):
        return Compare(text, "==", literal(value))
    if not isinstance(value, str):
        raise Refused("a list or object as a whole")
    if value and (parse_quantity(value) is not None or parse_duration(value) is not None):
        raise Refused(f"a text compared with {value!r}, which is a quantity or duration too")
    if kind_of(key) == "int":
        raise Refused(f"a number compared with {value!r}")
    return one_of(text, [value])


def _pattern_of(value: Value, key: Any) -> Term:
    """A constant that must match what a place holds, which may have wildcards."""
    if not isinstance(key, str) or parse_quantity(key) is not None or parse_duration(key) is not None:
        raise Refused(f"the constant {key!r} compared with a place")
    return or_([Compare(as_text(value), "==", literal(key)), _matched_by(as_text(value), [key])])


def _matched_by(text: str, words: list[str]) -> Term:
    """Whether a text that has wildcards matches one of some words."""
    shown = Call(f"{literal(words)}.exists(w, w.matches('^(?s:' + {_AS_REGEX.format(text)} + ')$'))")
    if len(words) == 1:
        shown = Call(f"{literal(words[0])}.matches('^(?s:' + {_AS_REGEX.format(text)} + ')$')")
    return and_([Call(f"{text}.matches('[*?]')"), shown])


def _ordered(sign: str, key: Found, value: Found) -> Term:
    if isinstance(key, Constant) and isinstance(value, Value):
        return _ordered(_MIRRORED[sign], value, key)
    if not isinstance(key, Value) or not isinstance(value, Constant) or kind_of(key) != "int":
        raise Refused("an order of what is no whole number")
    if type(value.value) is int:
        return Compare(as_text(key), sign, literal(value.value))
    if isinstance(value.value, str) and value.value.isascii() and value.value.isdecimal():
        return Compare(as_text(key), sign, str(int(value.value)))
    raise Refused(f"an order of a whole number and {value.value!r}")


def _in_set(operator: str, key: Found, value: Found) -> Term:
    if isinstance(key, Truth):
        raise Refused("a truth among others")
    key, value = _elements(key), _elements(value)
    if isinstance(value, Constant):
        return _among_constants(operator, key, value.value)
    if isinstance(key, Constant) and isinstance(value, Stream):
        return _constants_among(operator, key.value, value)
    raise Refused("lists of two places compared with each other")


def _elements(found: Found) -> Found:
    """A value that is a list or the keys of an object as its elements."""
    if isinstance(found, Value) and (kind_of(found) == "list" or found.kind == "map"):
        name = "key" if found.kind == "map" else "item"
        element = Value(name, path=(*found.path, ""), kind="string" if found.kind == "map" else "")
        return Stream((Source(name, found.text),), element, TRUE if found.default is None else found.there,
                      is_list=True)  # fmt: skip
    return found


def _among_constants(operator: str, key: Found, value: Any) -> Term:
    is_any = operator.startswith("any")
    wants_in = not operator.endswith("notin")
    if isinstance(key, Stream):

        def test(element: Value) -> Term:
            found = _one_among(element, value)
            return found if wants_in else not_(found)

        if is_any:
            return key.exists(test)
        return and_([TRUE if key.is_list else key.there, key.all(test)])
    if not isinstance(key, Value):
        raise Refused("a set of constants")
    found = _one_among(key, value)
    return found if wants_in else not_(found)


def _one_among(element: Value, value: Any) -> Term:
    """Whether one value is among constants, as texts; either side may have wildcards."""
    text = as_text(element)
    if isinstance(value, str) and (span := RANGE.fullmatch(value)):
        if kind_of(element) != "int" or not (span[1].isdecimal() and span[2].isdecimal()):
            raise Refused("a range of what are no whole numbers")
        return and_([Compare(text, ">=", span[1]), Compare(text, "<=", span[2])])
    items = value if isinstance(value, list) else [value]
    if element.kind == "bool":
        if not all(type(item) is bool for item in items):
            raise Refused("a truth among texts")
        wanted = set(items)
        return TRUE if len(wanted) > 1 else _truth_of(text, is_wanted=wanted == {True})
    if kind_of(element) == "int":
        numbers = [int(go_text(item)) for item in items if go_text(item).isdecimal()]
        if len(numbers) != len(items):
            raise Refused("whole numbers among texts")
        return (
            Compare(text, "in", literal(numbers))
            if len(numbers) > 1
            else Compare(text, "==", str(numbers[0]))
        )
    if not items:
        return FALSE
    words = [go_text(item) for item in items]
    found = one_of(text, words)
    if element.is_plain or (element.default is None and not words):
        return found
    return or_([found, _matched_by(text, words)])


def _truth_of(text: str, *, is_wanted: bool) -> Term:
    return Call(text) if is_wanted else not_(Call(text))


def _is_truth(wanted: bool, element: Value) -> Term:  # noqa: FBT001  # bound by partial
    return _truth_of(element.text, is_wanted=wanted)


def _constants_among(operator: str, key: Any, value: Stream) -> Term:
    keys = [go_text(item) for item in key] if isinstance(key, list) else [go_text(key)]
    if value.element.kind == "bool":
        if not (isinstance(key, list) and all(type(item) is bool for item in key)):
            raise Refused("texts among truths")
        found = [value.exists(partial(_is_truth, item)) for item in key]
    else:
        found = [value.exists(partial(_either, word)) for word in keys]
    match operator:
        case "anyin":
            term = or_(found)
        case "allin":
            term = and_(found)
        case "anynotin":
            term = or_(map(not_, found))
        case _:
            term = and_(map(not_, found))
    guard = TRUE if value.is_list or value.there == TRUE else value.there
    return and_([guard, term])


def _either(word: str, element: Value) -> Term:
    text = as_text(element)
    if kind_of(element) == "int":
        raise Refused("a constant among whole numbers")
    return or_([one_of(text, [word]), _matched_by(text, [word])])
