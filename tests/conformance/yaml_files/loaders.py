"""Compares what the loaders make of a file, type by type."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import yaml

from propolis.core.errors import DocumentError
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import plain, reference
from propolis.lang.yaml.encoding import to_utf8
from propolis.lang.yaml.split import split

BASE_60 = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
ONE_LETTER = {"y": True, "Y": True, "n": False, "N": False}


def is_same(left: Any, right: Any) -> bool:
    """Equal in values, types and the order of keys."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return bool(left == right)


def pieces(data: bytes) -> Iterator[bytes]:
    """The documents of a file as text."""
    return (piece.text for piece in split(to_utf8(data)))


def by_reference(text: bytes) -> Any:
    """The value, or the error."""
    try:
        return reference.load(text, DEFAULT)
    except DocumentError as error:
        return error


def by_fast_parser(text: bytes) -> Any:
    """The value, or `plain.NOT_PLAIN`."""
    return plain.load(text, DEFAULT)


def by_pyyaml(text: bytes) -> Any:
    """The value that PyYAML's own C loader gives, or its error."""
    try:
        return yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        return error


def is_known_refusal(ours: Any, theirs: Any) -> bool:
    """Whether one of the two refuses for a known reason, or both do.

    PyYAML refuses a lone ``=`` and dates that do not exist; we refuse keys that are there twice
    or have no text.
    """
    if isinstance(theirs, Exception):
        is_value_sign = "tag:yaml.org,2002:value" in str(theirs)
        return isinstance(ours, Exception) or is_value_sign or type(theirs) is ValueError
    return isinstance(ours, DocumentError) and ("twice" in ours.message or "cannot be a key" in ours.message)


def means_the_same(ours: Any, theirs: Any) -> bool:
    """Whether a difference to PyYAML is one of the known ones of sigs.k8s.io/yaml.

    Timestamps and numbers to the base of 60 stay text there, y and n are booleans, an exponent
    needs no point, 0o7 is octal, whole floats are integers, keys are text.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = zip(ours.items(), theirs.items(), strict=False)
        return len(ours) == len(theirs) and all(
            _is_same_key(key, their_key) and means_the_same(value, their_value)
            for (key, value), (their_key, their_value) in pairs
        )
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(means_the_same, ours, theirs))
    return _is_same_scalar(ours, theirs)


def _is_same_key(ours: str, theirs: Any) -> bool:
    if isinstance(theirs, str):
        return ours == theirs or ONE_LETTER.get(theirs) is (ours == "true")
    return ours == {True: "true", False: "false"}.get(theirs, str(theirs))


def _is_same_scalar(ours: Any, theirs: Any) -> bool:
    if type(ours) is type(theirs):
        return bool(ours == theirs)
    match ours, theirs:
        case str(), dt.date():
            return ours[:4] == str(theirs.year)
        case str(), int() | float():
            return BASE_60.fullmatch(ours) is not None
        case bool(), str():
            return ONE_LETTER.get(theirs) is ours
        case int(), float():
            return ours == theirs
        case int() | float(), str():
            return bool(reference.load(theirs.encode(), DEFAULT) == ours)
    return False
