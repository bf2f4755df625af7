"""``math.round``, ``time`` and ``transform.listObjToMap`` (libs/math, time, transform)."""

import math
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library, Runtime
from propolis.lang.cel.types import DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, list_of, map_of
from propolis.lang.cel.values import Duration, Timestamp
from propolis.lang.go_time import Moment, moment_of

_LARGEST_POWER, _SMALLEST_POWER = 308, -400
_WHOLE_ABOVE = 2.0**52
"""Doubles from here on have no fraction."""


def _round(value: float, places: int) -> float:
    """Half away from zero, on the value times a power of ten, as Kyverno does it."""
    shift = math.inf if places > _LARGEST_POWER else float(f"1e{max(places, _SMALLEST_POWER)}")
    shifted = value * shift
    if not shift:
        return math.nan
    if math.isfinite(shifted) and abs(shifted) < _WHOLE_ABOVE:
        shifted = math.copysign(_half_up(abs(shifted)), shifted)
    return shifted / shift


def _half_up(value: float) -> float:
    whole = math.floor(value)
    return float(whole + (value - whole >= 0.5))  # noqa: PLR2004  # a half


def _now(runtime: Runtime) -> Timestamp:
    return Timestamp(moment_of(runtime.now).nanoseconds)


def _cron(time: Timestamp) -> str:
    return Moment(time.nanoseconds).cron()


def _truncate(time: Timestamp, span: Duration) -> Timestamp:
    return Timestamp(Moment(time.nanoseconds).truncated(span.nanoseconds).nanoseconds)


def _list_to_map(keys: list[Any], values: list[Any], key_name: str, value_name: str) -> dict[str, Any]:
    if len(keys) != len(values):
        raise EvaluationError(
            f"listObjToMap must take lists of equal length. list1: {len(keys)}, list2: {len(values)}"
        )
    found: dict[str, Any] = {}
    for one, other in zip(keys, values, strict=True):
        if not isinstance(one, dict) or not isinstance(one.get(key_name), str):
            raise EvaluationError("the passed key name cannot be handled as a string in the key object list")
        if not isinstance(other, dict):
            raise EvaluationError("object cannot be handled as a map string to any in the value object list")
        found[one[key_name]] = other.get(value_name)
    return found


_LIST, _MAP = list_of(DYN), map_of(DYN, DYN)

MATH_LIBRARY = Library(
    "kyverno.math",
    (function("math.round", call("math_round_float_int", (DOUBLE, INT), DOUBLE, _round)),),
)
TIME_LIBRARY = Library(
    "kyverno.time",
    (
        function("time.now", call("time_now", (), TIMESTAMP, _now, asks=True)),
        function("time.toCron", call("time_to_cron", (TIMESTAMP,), STRING, _cron)),
        function("time.truncate", call("time_truncate", (TIMESTAMP, DURATION), TIMESTAMP, _truncate)),
    ),
)
TRANSFORM_LIBRARY = Library(
    "kyverno.transform",
    tuple(
        function(
            name, call(f"list_of_object_to_map_{suffix}", (_LIST, _LIST, STRING, STRING), _MAP, _list_to_map)
        )
        for name, suffix in (("listObjToMap", "non_prefixed"), ("transform.listObjToMap", "prefixed"))
    ),
)
