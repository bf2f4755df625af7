"""JSON as Go's encoding/json writes and reads it, for values of expressions.

Reading gives every number as a double, as Go does for values of unknown type. Writing sorts keys and escapes
``<``, ``>`` and ``&``.
"""

import base64
import math
import re
from typing import Any

import msgspec

from propolis.core.limits import DEFAULT
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.values import NANOS, Duration, OptionalValue, Timestamp
from propolis.lang.go_time import Moment

_encode = msgspec.json.Encoder(order="deterministic").encode
_HTML = re.compile("[<>&\u2028\u2029]")
_PLAIN_BELOW = 1e21
_LONGEST_DEPTH = 200


def read(text: str) -> Any:
    """The value that a text says.

    Raises:
        EvaluationError: It is no JSON, too long, or deeper than a document may be.
    """
    if len(text) > DEFAULT.text_bytes:
        raise EvaluationError(f"the JSON text is longer than {DEFAULT.text_bytes} characters")
    try:
        return with_doubles(msgspec.json.decode(text.encode("utf-8", "surrogatepass"), strict=True))
    except (msgspec.DecodeError, RecursionError) as error:
        raise EvaluationError(f"the text is no JSON: {error}") from error


def with_doubles(value: Any) -> Any:
    """The same value with every number as a double.

    Raises:
        EvaluationError: It is deeper or has more parts than a document may have.
    """
    return _with_doubles(value, [DEFAULT.document_nodes], 0)


def _with_doubles(value: Any, budget: list[int], depth: int) -> Any:
    _spend(budget, 1, depth)
    if isinstance(value, dict):
        return {key: _with_doubles(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_doubles(item, budget, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise EvaluationError("a number is out of range") from error
    return value


def write(value: Any) -> str:
    """A value as JSON.

    Raises:
        EvaluationError: It has no form in JSON, or the text would be longer than `Limits.text_bytes`.
    """
    plain = _plain(value, [DEFAULT.text_bytes], 0)
    try:
        text = _encode(plain).decode()
    except UnicodeEncodeError as error:
        raise EvaluationError("json: a text is no Unicode") from error
    if len(text) > DEFAULT.text_bytes:
        raise EvaluationError(f"the text is longer than {DEFAULT.text_bytes} bytes")
    return _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spend(budget: list[int], amount: int, depth: int) -> None:
    budget[0] -= amount
    if budget[0] < 0 or depth > _LONGEST_DEPTH:
        raise EvaluationError("the value is too large for JSON")


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    """The value in parts that JSON has; counts what they will take before it is built."""
    if isinstance(value, dict):
        return {_key(key, budget, depth): _plain(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        _spend(budget, 2, depth)
        return [_plain(item, budget, depth + 1) for item in value]
    _spend(budget, len(value) + 3 if isinstance(value, str | bytes) else 2, depth)
    return value if value is None or isinstance(value, bool | str) else _scalar(value)


def _key(key: Any, budget: list[int], depth: int) -> str:
    if not isinstance(key, str):
        raise EvaluationError(f"json: unsupported map key type {type(key).__name__}")
    _spend(budget, len(key) + 4, depth)
    return key


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Timestamp):
        return time_text(value)
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, OptionalValue):
        raise EvaluationError("json: unsupported type optional_type")
    raise EvaluationError(f"json: unsupported type {getattr(value, 'cel_type', type(value).__name__)}")


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise EvaluationError("json: unsupported value: not a finite number")
    return int(value) if value.is_integer() and abs(value) < _PLAIN_BELOW else value


def time_text(time: Timestamp) -> str:
    """RFC 3339 with as many decimals as there are."""
    whole, rest = divmod(time.nanoseconds, NANOS)
    text = Moment(whole * NANOS).format()
    if not rest:
        return text
    decimals = f"{rest:09d}".rstrip("0")
    return f"{text[:-1]}.{decimals}Z"
