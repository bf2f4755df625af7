"""Functions of JMESPath as CEL."""

from collections.abc import Callable

import msgspec

from propolis.policy.engine.convert.reading import as_text, in_parentheses, kind_of
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import TRUE, Call, Compare, and_, written
from propolis.policy.engine.convert.texts import literal
from propolis.policy.engine.convert.values import Constant, Found, Source, Stream, Truth, Value


def _length(arguments: list[Found]) -> Found:
    (one,) = arguments
    if isinstance(one, Value):
        return Value(f"{as_text(one)}.size()", kind="int")
    if isinstance(one, Stream):
        return _count(one)
    raise Refused("the length of a constant")


def _count(stream: Stream) -> Value:
    first, *others = stream.sources
    holds = and_([first.holds, TRUE if others else stream.element.there])
    if len(others) > 1 or (others and stream.element.there != TRUE and others[0].holds != TRUE):
        raise Refused("the length of lists within lists")
    filtered = first.text if holds == TRUE else f"{first.text}.filter({first.name}, {written(holds)})"
    if others:
        last = others[0]
        inner_holds = and_([last.holds, stream.element.there])
        inner = (
            last.text if inner_holds == TRUE else f"{last.text}.filter({last.name}, {written(inner_holds)})"
        )
        counted = f"{filtered}.map({first.name}, {inner}.size()).sum()"
    else:
        counted = f"{filtered}.size()"
    if stream.there == TRUE:
        return Value(counted, kind="int")
    if stream.is_list:
        return Value(f"({written(stream.there)} ? {counted} : 0)", kind="int")
    return Value(counted, kind="int")


def _contains(arguments: list[Found]) -> Found:
    where, what = arguments
    if not isinstance(what, Constant) or not isinstance(what.value, str):
        raise Refused("contains() of what is no constant text")
    text = literal(what.value)
    if isinstance(where, Stream):
        found = where.exists(lambda element: Compare(element.text, "==", text))
        if where.there != TRUE and not where.is_list:
            found = Call(in_parentheses(msgspec.structs.replace(where, there=TRUE).exists(
                lambda element: Compare(element.text, "==", text)
            )))  # fmt: skip
        return Truth(found, can_fail=where.there != TRUE and not where.is_list)
    if isinstance(where, Value):
        if where.kind == "map":
            return Truth(Compare(text, "in", where.text), can_fail=True)
        holder = as_text(where)
        kind = kind_of(where)
        if kind == "list":
            return Truth(Compare(text, "in", holder), can_fail=where.there != TRUE)
        return Truth(Call(f"{holder}.contains({text})"), can_fail=where.there != TRUE)
    raise Refused("contains() of a constant")


def _keys(arguments: list[Found]) -> Found:
    (one,) = arguments
    if not isinstance(one, Value):
        raise Refused("keys() of a list")
    return Value(as_text(one), one.there if one.default is None else TRUE, (*one.path, "keys"), "map")


def _values(arguments: list[Found]) -> Found:
    (one,) = arguments
    if not isinstance(one, Value):
        raise Refused("values() of a list")
    return Stream((Source("key", one.text),), Value(f"{one.text}[key]", path=(*one.path, "")), one.there)


def _method(name: str) -> Callable[[list[Found]], Found]:
    def translated(arguments: list[Found]) -> Found:
        one = arguments[0]
        if not isinstance(one, Value):
            raise Refused(f"{name}() of a list")
        return Value(f"{as_text(one)}.{name}()", one.there, (), "string")

    return translated


def _test(name: str) -> Callable[[list[Found]], Found]:
    def translated(arguments: list[Found]) -> Found:
        one, what = arguments
        if not isinstance(one, Value) or not isinstance(what, Constant) or not isinstance(what.value, str):
            raise Refused(f"{name}() of something else than a value and a constant")
        return Truth(Call(f"{as_text(one)}.{name}({literal(what.value)})"), can_fail=one.there != TRUE)

    return translated


def _regex_match(arguments: list[Found]) -> Found:
    pattern, one = arguments
    if not isinstance(pattern, Constant) or not isinstance(pattern.value, str) or not isinstance(one, Value):
        raise Refused("regex_match() of something else than a constant and a value")
    can_fail = one.there != TRUE and one.default is None
    return Truth(Call(f"{as_text(one)}.matches({literal(pattern.value)})"), can_fail=can_fail)


def _to_string(arguments: list[Found]) -> Found:
    (one,) = arguments
    if not isinstance(one, Value):
        raise Refused("to_string() of a list")
    there = one.there if one.default is None else TRUE
    return Value(f"string({as_text(one)})", there, one.path, "string")


def _to_array(arguments: list[Found]) -> Found:
    (one,) = arguments
    if not isinstance(one, Stream):
        raise Refused("to_array() of what is no projection")
    return msgspec.structs.replace(one, is_list=True)


def _split(arguments: list[Found]) -> Found:
    one, separator = arguments
    if (
        not isinstance(one, Value)
        or not isinstance(separator, Constant)
        or not isinstance(separator.value, str)
    ):
        raise Refused("split() of something else than a value and a constant")
    return Value(f"{as_text(one)}.split({literal(separator.value)})", one.there, (), "list")


FUNCTIONS: dict[str, Callable[[list[Found]], Found]] = {
    "length": _length,
    "contains": _contains,
    "keys": _keys,
    "values": _values,
    "to_upper": _method("upperAscii"),
    "to_lower": _method("lowerAscii"),
    "trim": _method("trim"),
    "starts_with": _test("startsWith"),
    "ends_with": _test("endsWith"),
    "regex_match": _regex_match,
    "to_string": _to_string,
    "to_array": _to_array,
    "split": _split,
}
