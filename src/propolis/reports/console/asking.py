"""What a request asks for: filters and pages from its query, checked."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from propolis.core.finding import Outcome, Severity
from propolis.store.finding_queries import FindingFilter

MAX_PAGE = 1000
MAX_VALUES = 50
MAX_VALUE_LENGTH = 500

_LISTS = ("source", "severity", "outcome", "namespace", "kind", "name", "rule", "policy", "remedy", "team")
_WORDS = {
    "severity": {severity.value for severity in Severity},
    "outcome": {outcome.value for outcome in Outcome},
    "change": {"new", "fixed"},
}
_SINGLE = {"cluster": "cluster", "change": "change", "workload": "workload", "q": "text"}


_KNOWN = {*_LISTS, *_SINGLE, "offset", "limit"}


def asked_filter(request: Request) -> FindingFilter:
    """The filter of a query. A field may be given several times, or with commas.

    Raises:
        HTTPException: 400 with what is wrong.
    """
    if unknown := sorted(set(request.query_params) - _KNOWN):
        raise HTTPException(400, f"{unknown[0][:50]!r} is no filter; there are {', '.join(sorted(_KNOWN))}")
    fields: dict[str, Any] = {}
    for name in _LISTS:
        given = [part for value in request.query_params.getlist(name) for part in value.split(",") if part]
        fields[name] = tuple(_checked(name, value) for value in given)
        if len(given) > MAX_VALUES:
            raise HTTPException(400, f"{name}: at most {MAX_VALUES} values")
    for name, field in _SINGLE.items():
        fields[field] = _checked(name, request.query_params.get(name, ""))
    return FindingFilter(**fields)


def _checked(name: str, value: str) -> str:
    allowed = _WORDS.get(name)
    if value and allowed is not None and value not in allowed:
        raise HTTPException(400, f"{name}: {value[:50]!r} is not one of {', '.join(sorted(allowed))}")
    if len(value) > MAX_VALUE_LENGTH:
        raise HTTPException(400, f"{name}: longer than {MAX_VALUE_LENGTH} characters")
    return value


def asked_number(request: Request, name: str, default: int, most: int) -> int:
    """A number of the query from 0 to ``most``. Raises `HTTPException` 400."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= most):  # noqa: PLR2004  # digits
        raise HTTPException(400, f"{name}: {text[:50]!r} is not a number from 0 to {most}")
    return int(text)
