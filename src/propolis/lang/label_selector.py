"""Label selectors: compiled once into a predicate on labels, with the pairs by which an index finds them.

Follows meta/v1 LabelSelector and ``LabelSelectorAsSelector`` of kubernetes/apimachinery: an empty
selector selects everything, an absent one nothing; requirements are joined by AND; ``NotIn`` and
``DoesNotExist`` also hold where the key is missing. Keys and values are validated as the API
server does.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.core.errors import DocumentError, Place

Labels = Mapping[str, str]
Predicate = Callable[[Labels], bool]

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PREFIX_LENGTH = 253
_OPERATORS = "In, NotIn, Exists or DoesNotExist"


class Selector(msgspec.Struct, frozen=True):
    """A compiled selector.

    Attributes:
        matches: Whether a set of labels is selected.
        pairs: Keys and values that every selected set holds; an index finds selectors by them.
        is_empty: Whether it selects everything because it says nothing.
        text: The selector as ``kubectl --selector`` writes it; empty for an empty one.
    """

    matches: Predicate
    pairs: tuple[tuple[str, str], ...] = ()
    is_empty: bool = False
    text: str = ""


NOTHING = Selector(matches=lambda _: False, text="<none>")
"""Selects nothing: what an absent selector means."""


def text_labels(value: Any) -> dict[str, str]:
    """Labels as predicates take them: the entries of a map whose key and value are texts."""
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(key, str) and isinstance(item, str)}


def compile_selector(document: Any, place: str = "selector") -> Selector:
    """Compiles a ``LabelSelector``.

    Args:
        document: The selector as parsed; None selects nothing.
        place: Path of the selector in its document, for errors (``spec.podSelector``).

    Raises:
        DocumentError: The selector is not one that the API server accepts.
    """
    if document is None:
        return NOTHING
    if not isinstance(document, dict):
        raise _wrong(place, "is not a map", "a map with matchLabels or matchExpressions")
    pairs = _match_labels(document.get("matchLabels"), f"{place}.matchLabels")
    terms = _match_expressions(document.get("matchExpressions"), f"{place}.matchExpressions")
    return _selector(pairs, terms)


def equality_selector(document: Any, place: str = "selector") -> Selector:
    """Compiles a plain map of labels, as a Service has; absent or empty, it selects nothing.

    Raises:
        DocumentError: It is not a map of texts.
    """
    pairs = _match_labels(document, place)
    return _selector(pairs, []) if pairs else NOTHING


def _selector(pairs: dict[str, str], terms: list[tuple[str, Predicate, tuple[str, str] | None]]) -> Selector:
    """Joins equalities and expressions into one predicate."""
    if not pairs and not terms:
        return Selector(matches=lambda _: True, is_empty=True)
    indexed = (*pairs.items(), *(pair for _, _, pair in terms if pair))
    words = [f"{key}={value}" for key, value in pairs.items()] + [text for text, _, _ in terms]
    return Selector(
        matches=_joined(tuple(pairs.items()), tuple(predicate for _, predicate, _ in terms)),
        pairs=indexed,
        text=",".join(words),
    )


def _joined(pairs: tuple[tuple[str, str], ...], terms: tuple[Predicate, ...]) -> Predicate:
    """One closure for all requirements; the two most common shapes have their own."""
    if len(pairs) == 1 and not terms:
        ((key, value),) = pairs
        return lambda labels: labels.get(key) == value
    if not pairs and len(terms) == 1:
        return terms[0]

    def matches(labels: Labels) -> bool:
        for key, value in pairs:
            if labels.get(key) != value:
                return False
        return all(term(labels) for term in terms)

    return matches


def _match_labels(document: Any, place: str) -> dict[str, str]:
    """A map of labels; absent is empty."""
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _wrong(place, "is not a map", "a map of label keys to values")
    for key, value in document.items():
        _check_key(key, place)
        _check_value(value, f"{place}.{key}")
    return document


def _match_expressions(document: Any, place: str) -> list[tuple[str, Predicate, tuple[str, str] | None]]:
    """Each expression as text, predicate and indexable pair; absent is empty."""
    if document is None:
        return []
    if not isinstance(document, list):
        raise _wrong(place, "is not a list", "a list of requirements")
    return [_expression(item, f"{place}[{index}]") for index, item in enumerate(document)]


def _expression(item: Any, place: str) -> tuple[str, Predicate, tuple[str, str] | None]:
    """One requirement: key, operator, values."""
    if not isinstance(item, dict):
        raise _wrong(place, "is not a map", "key, operator and values")
    key, operator = _check_key(item.get("key"), f"{place}.key"), item.get("operator")
    values = _values(item.get("values"), operator, f"{place}.values")
    match operator:
        case "In":
            pair = (key, next(iter(values))) if len(values) == 1 else None
            return f"{key} in ({','.join(values)})", _is_in(key, frozenset(values)), pair
        case "NotIn":
            return f"{key} notin ({','.join(values)})", _is_not_in(key, frozenset(values)), None
        case "Exists":
            return key, lambda labels: key in labels, None
        case "DoesNotExist":
            return f"!{key}", lambda labels: key not in labels, None
    raise _wrong(f"{place}.operator", f"{operator!r} is no operator", _OPERATORS)


def _is_in(key: str, values: frozenset[str]) -> Predicate:
    return lambda labels: labels.get(key) in values


def _is_not_in(key: str, values: frozenset[str]) -> Predicate:
    return lambda labels: labels.get(key) not in values


def _values(document: Any, operator: Any, place: str) -> tuple[str, ...]:
    """The values of a requirement: some for In and NotIn, none for the others."""
    values = document if document is not None else []
    if not isinstance(values, list):
        raise _wrong(place, "is not a list", "a list of texts")
    if operator in ("In", "NotIn") and not values:
        raise _wrong(place, f"is empty, which {operator} does not allow", "at least one value")
    if operator in ("Exists", "DoesNotExist") and values:
        raise _wrong(place, f"has values, which {operator} does not take", "no values")
    for index, value in enumerate(values):
        _check_value(value, f"{place}[{index}]")
    return tuple(values)


def _check_key(key: Any, place: str) -> str:
    """The key, if it is a qualified name: an optional DNS subdomain, a slash, a name of 63 characters."""
    if isinstance(key, str):
        prefix, slash, name = key.rpartition("/")
        if _NAME.fullmatch(name) and (not slash or _is_prefix(prefix)):
            return key
    raise _wrong(place, f"{key!r} is not a label key", "letters, digits, - _ . with an optional prefix/")


def _is_prefix(prefix: str) -> bool:
    return len(prefix) <= _PREFIX_LENGTH and _PREFIX.fullmatch(prefix) is not None


def _check_value(value: Any, place: str) -> None:
    """A label value: empty, or a name of 63 characters."""
    if isinstance(value, str) and (not value or _NAME.fullmatch(value)):
        return
    raise _wrong(place, f"{value!r} is not a label value", "at most 63 letters, digits, - _ . as a text")


def _wrong(place: str, problem: str, expected: str) -> DocumentError:
    return DocumentError(f"{place} {problem}", Place(""), expected)
