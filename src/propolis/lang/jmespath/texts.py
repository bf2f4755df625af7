"""Functions on texts that Kyverno adds (pkg/engine/jmespath/functions.go @ 111e07b)."""

import base64
import binascii
import hashlib
import posixpath
from collections.abc import Callable
from typing import Any

from propolis.core.limits import DEFAULT
from propolis.lang.image_reference import parse_image_reference
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.runtime import MOST_ITEMS, Environment
from propolis.lang.jmespath.signature import NUMBER, OBJECT, STRING, Function, Plain
from propolis.lang.jmespath.values import equal
from propolis.lang.semver import parse_range, parse_version
from propolis.lang.wildcard import matches

TEXT_OR_NUMBER = ("string", "number")
Call = Callable[[list[Any], Environment], Any]


plain = Plain


def _compare(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _equal_fold(left: str, right: str) -> bool:
    return len(left) == len(right) and (left.lower() == right.lower() or left.upper() == right.upper())


def _each(change: Callable[[str], str]) -> Callable[[str], str]:
    """Changes characters one for one; those that would become several stay."""

    def convert(text: str) -> str:
        changed = change(text)
        if len(changed) == len(text):
            return changed
        return "".join(new if len(new := change(one)) == 1 else one for one in text)

    return convert


def _replace(text: str, old: str, new: str, count: float) -> str:
    most = text.count(old) if count < 0 else min(text.count(old), int(count))
    if len(text) + most * (len(new) - len(old)) > DEFAULT.text_bytes:
        raise ExpressionError(f"replace() builds a text of more than {DEFAULT.text_bytes} characters")
    return text.replace(old, new, most)


def _split(text: str, separator: str) -> list[str]:
    parts = text.split(separator) if separator else list(text)
    if len(parts) > MOST_ITEMS:
        raise ExpressionError(f"split() gives more than {MOST_ITEMS} parts")
    return parts


def text_of(value: Any) -> str:
    """A text, or a number as Kyverno writes it: never with an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15f}".rstrip("0").rstrip(".") if not value.is_integer() else str(int(value))
    return str(value)


def _label_match(labels: dict[str, Any], others: dict[str, Any]) -> bool:
    return all(key in others and equal(others[key], value) for key, value in labels.items())


def _to_boolean(text: str) -> bool:
    lower = text.lower()
    if lower not in ("true", "false"):
        raise ExpressionError(f"to_boolean(): {text[:80]!r} is neither true nor false")
    return lower == "true"


def _base64_decode(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ExpressionError(f"base64_decode(): {error}") from error
    return data.decode("utf-8", errors="replace")


def _base64_encode(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", errors="replace")).decode()


def _path(text: str) -> str:
    """Without excess slashes and dots; an empty path stays empty."""
    if not text:
        return ""
    cleaned = posixpath.normpath(text)
    return "/" + cleaned.lstrip("/") if text.startswith("/") else cleaned


def _truncate(text: str, length: float) -> str:
    return text[: max(0, int(length))]


def _semver_compare(version: str, span: str) -> bool:
    test = parse_range(span)
    if test is None:
        raise ExpressionError(f"semver_compare(): {span[:80]!r} is no range of versions")
    return test(parse_version(version) or parse_version("0.0.0"))  # type: ignore[arg-type]  # 0.0.0 is a version


def _image_normalize(text: str) -> str:
    found = parse_image_reference(text)
    if found is None:
        raise ExpressionError(f"image_normalize(): {text[:200]!r} is no image reference")
    return found.reference


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(
        name, text.encode("utf-8", errors="replace"), usedforsecurity=False
    ).hexdigest()


TEXT_FUNCTIONS = (
    Function("compare", plain(_compare), (STRING, STRING)),
    Function("equal_fold", plain(_equal_fold), (STRING, STRING)),
    Function("replace", plain(_replace), (STRING, STRING, STRING, NUMBER)),
    Function(
        "replace_all", plain(lambda text, old, new: _replace(text, old, new, -1)), (STRING, STRING, STRING)
    ),
    Function("to_upper", plain(_each(str.upper)), (STRING,)),
    Function("to_lower", plain(_each(str.lower)), (STRING,)),
    Function("trim", plain(lambda text, cut: text.strip(cut) if cut else text), (STRING, STRING)),
    Function("trim_prefix", plain(str.removeprefix), (STRING, STRING)),
    Function("split", plain(_split), (STRING, STRING)),
    Function(
        "pattern_match",
        plain(lambda pattern, value: matches(pattern, text_of(value))),
        (STRING, TEXT_OR_NUMBER),
    ),
    Function("label_match", plain(_label_match), (OBJECT, OBJECT)),
    Function("to_boolean", plain(_to_boolean), (STRING,)),
    Function("base64_decode", plain(_base64_decode), (STRING,)),
    Function("base64_encode", plain(_base64_encode), (STRING,)),
    Function("path_canonicalize", plain(_path), (STRING,)),
    Function("truncate", plain(_truncate), (STRING, NUMBER)),
    Function("semver_compare", plain(_semver_compare), (STRING, STRING)),
    Function("image_normalize", plain(_image_normalize), (STRING,)),
    Function("sha256", plain(_digest("sha256")), (STRING,)),
    Function("sha1", plain(_digest("sha1")), (STRING,)),
    Function("md5", plain(_digest("md5")), (STRING,)),
)
