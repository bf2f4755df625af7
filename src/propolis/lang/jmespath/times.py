"""Functions on times (Kyverno pkg/engine/jmespath/time.go @ 111e07b). "Now" is the environment's, in UTC."""

import re
from typing import Any

from propolis.lang.duration import SECOND, format_duration, parse_duration
from propolis.lang.go_time import RFC3339, Moment, moment_of, parse_time
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.runtime import Environment
from propolis.lang.jmespath.signature import STRING, Function
from propolis.lang.jmespath.texts import plain


def _time(text: str, layout: str = RFC3339) -> Moment:
    found = parse_time(layout, text)
    if found is None:
        raise ExpressionError(f"{text[:80]!r} is no time of the form {layout[:80]!r}")
    return found


def _span(text: str) -> int:
    found = parse_duration(text)
    if found is None:
        raise ExpressionError(f"{text[:80]!r} is no duration")
    return found


def _written(moment: Moment) -> str:
    try:
        return moment.format()
    except ValueError as error:
        raise ExpressionError(str(error)) from error


def _since(arguments: list[Any], environment: Environment) -> str:
    layout, start, end = arguments
    layout = layout or RFC3339
    last = _time(end, layout) if end else moment_of(environment.now)
    return format_duration(last.minus(_time(start, layout)))


def _now(arguments: list[Any], environment: Environment) -> str:
    del arguments
    return _written(moment_of(environment.now))


def _parse(layout: str, text: str) -> str:
    """A layout that is a number says that the text counts the seconds since 1970."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", layout, re.ASCII):
        return _written(_time(text, layout))
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text, re.ASCII):
        raise ExpressionError(f"{text[:80]!r} is no number of seconds")
    return _written(Moment(int(text) * SECOND))


def _cron(text: str) -> str:
    return _time(text).cron()


def _between(text: str, start: str, end: str) -> bool:
    return _time(start).nanoseconds < _time(text).nanoseconds < _time(end).nanoseconds


TIME_FUNCTIONS = (
    Function("time_since", _since, (STRING, STRING, STRING)),
    Function("time_now", _now, ()),
    Function("time_now_utc", _now, ()),
    Function("time_to_cron", plain(_cron), (STRING,)),
    Function("time_add", plain(lambda time, span: _written(_time(time).plus(_span(span)))), (STRING, STRING)),
    Function("time_parse", plain(_parse), (STRING, STRING)),
    Function("time_utc", plain(lambda time: _written(_time(time).in_utc())), (STRING,)),
    Function(
        "time_diff",
        plain(lambda start, end: format_duration(_time(end).minus(_time(start)))),
        (STRING, STRING),
    ),
    Function(
        "time_before",
        plain(lambda one, other: _time(one).nanoseconds < _time(other).nanoseconds),
        (STRING, STRING),
    ),
    Function(
        "time_after",
        plain(lambda one, other: _time(one).nanoseconds > _time(other).nanoseconds),
        (STRING, STRING),
    ),
    Function("time_between", plain(_between), (STRING, STRING, STRING)),
    Function(
        "time_truncate",
        plain(lambda time, span: _written(_time(time).truncated(_span(span)))),
        (STRING, STRING),
    ),
)
