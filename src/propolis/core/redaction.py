"""Takes secrets out of Kubernetes documents before they are kept or shown.

What is secret: the data of Secrets, alone or in lists; plain values whose name says that they are one, as
environment variables, arguments (``--password=``) and ConfigMaps have them; and the copy of either that
``kubectl apply`` leaves in an annotation. Names, keys and the shape stay, so that a policy that asks whether
something is there still sees it.
"""

import re
from typing import Any

REDACTED = "[redacted]"
REDACTED_BASE64 = "W3JlZGFjdGVkXQ=="
"""The same where a value has to be base64."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DEEPEST = 200
"""Levels that are looked at; what is deeper is taken out whole."""

_SECRET_NAME = re.compile(
    r"passw(or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|authorization",
    re.IGNORECASE | re.ASCII,
)
_PLAIN_NAME = re.compile(r"(name|ref|file|path|url|ttl|issuer|audience)s?$", re.IGNORECASE | re.ASCII)
"""Names that end so say where a secret is, not what it is (``TOKEN_FILE``, ``secretName``)."""
_ARGUMENT = re.compile(r"(--?[A-Za-z0-9_.-]{1,80}=).", re.ASCII | re.DOTALL)
_LISTS = {"SecretList": "Secret", "ConfigMapList": "ConfigMap"}
"""Lists whose items have no kind of their own."""


def redacted(document: Any) -> Any:
    """A document without secrets; parts that hold none are shared with it, and it stays as it is.

    Args:
        document: Any value of JSON: an object, a list of objects, a request that holds them.
    """
    return _value(document, 0)


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is likely a secret."""
    return _SECRET_NAME.search(name) is not None and _PLAIN_NAME.search(name) is None


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _argument(value) if value[:1] == "-" else value
    if not isinstance(value, dict | list):
        return value
    if depth > DEEPEST:
        return REDACTED
    if isinstance(value, dict):
        return _mapping(value, depth)
    found = [_value(item, depth + 1) for item in value]
    return found if any(new is not old for new, old in zip(found, value, strict=True)) else value


def _argument(text: str) -> str:
    found = _ARGUMENT.match(text)
    return f"{found[1]}{REDACTED}" if found and is_secret_name(found[1][:-1]) else text


def _mapping(value: dict[str, Any], depth: int) -> dict[str, Any]:
    kind = value.get("kind")
    of_items = _LISTS.get(kind) if isinstance(kind, str) else None
    changed: dict[str, Any] = {}
    for key, item in value.items():
        if of_items and key == "items" and isinstance(item, list):
            new: Any = [_as_kind(one, of_items, depth) for one in item]
        elif key in ("data", "stringData") and kind in ("Secret", "ConfigMap"):
            new = _data(item, key, is_secret=kind == "Secret")
        elif key == "annotations" and isinstance(item, dict):
            new = _annotations(item, depth)
        elif key == "value" and isinstance(item, str) and item and _is_named_secret(value):
            new = REDACTED
        else:
            new = _value(item, depth + 1)
        if new is not item:
            changed[key] = new
    return {**value, **changed} if changed else value


def _as_kind(item: Any, kind: str, depth: int) -> Any:
    """An item of a list as if it told its kind."""
    if not isinstance(item, dict) or "kind" in item:
        return _value(item, depth + 1)
    found = _value({**item, "kind": kind}, depth + 1)
    return {key: part for key, part in found.items() if key != "kind"}


def _data(item: Any, key: str, *, is_secret: bool) -> Any:
    if not isinstance(item, dict):
        return REDACTED if is_secret and item is not None else item
    if is_secret:
        return dict.fromkeys(item, REDACTED if key == "stringData" else REDACTED_BASE64)
    if not any(map(is_secret_name, item)):
        return item
    return {name: REDACTED if is_secret_name(name) else text for name, text in item.items()}


def _annotations(item: dict[str, Any], depth: int) -> Any:
    """Annotations; the one that repeats the object as text goes where that text names a secret."""
    text = item.get(LAST_APPLIED)
    if isinstance(text, str) and _SECRET_NAME.search(text):
        item = {**item, LAST_APPLIED: REDACTED}
    return _value(item, depth + 1)


def _is_named_secret(value: dict[str, Any]) -> bool:
    name = value.get("name")
    return isinstance(name, str) and is_secret_name(name)
