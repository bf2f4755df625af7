"""Functions on objects and lists, on JSON and YAML in texts, and those that ask the world.

Follows Kyverno pkg/engine/jmespath/functions.go @ 111e07b. ``random`` and ``is_external_url`` ask by
look-ups, so that an evaluation stays a function of values:

| kind | arguments | answer |
|---|---|---|
| random | pattern | at least 16 bytes of randomness as hexadecimal text |
| dns | host name | list of IP addresses as texts |
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import msgspec

from propolis.core.evaluation import LookupKey
from propolis.core.limits import DEFAULT
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.random_text import generate
from propolis.lang.jmespath.runtime import Environment
from propolis.lang.jmespath.signature import ARRAY, STRING, Function
from propolis.lang.jmespath.texts import plain, text_of
from propolis.lang.jmespath.values import is_number
from propolis.lang.jmespath.x509 import decode_pem
from propolis.lang.yaml import load_documents

RANDOM = "random"
DNS = "dns"
_CONTAINER = ("object", "array")


def _lookup(where: Any, key: Any) -> Any:
    if isinstance(where, dict):
        if not isinstance(key, str):
            raise ExpressionError("lookup(): argument 2 is no string")
        return where.get(key)
    if not is_number(key):
        raise ExpressionError("lookup(): argument 2 is no number")
    if key != int(key):
        raise ExpressionError(f"lookup(): argument 2: expected an integer number but got: {key}")
    return where[int(key)] if 0 <= key < len(where) else None


def _items(where: Any, key_name: str, value_name: str) -> list[dict[str, Any]]:
    pairs = sorted(where.items()) if isinstance(where, dict) else list(enumerate(where))
    return [{key_name: key, value_name: value} for key, value in pairs]


def _object_from_lists(keys: list[Any], values: list[Any]) -> dict[str, Any]:
    if not all(isinstance(key, str) or is_number(key) or isinstance(key, bool) for key in keys):
        raise ExpressionError("object_from_lists(): argument 1 is no list of strings")
    padded = values + [None] * max(0, len(keys) - len(values))
    return {_key(key): value for key, value in zip(keys, padded, strict=False)}


def _key(key: Any) -> str:
    return ("true" if key else "false") if isinstance(key, bool) else text_of(key)


def _parse_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ExpressionError(f"parse_json(): {error}") from error


def _parse_yaml(text: str) -> Any:
    for parsed in load_documents(text.encode("utf-8", errors="replace"), limits=DEFAULT):
        if parsed.error is not None:
            raise ExpressionError(f"parse_yaml(): {parsed.error.message}")
        return parsed.document
    return None


def _random(arguments: list[Any], environment: Environment) -> str:
    pattern = arguments[0]
    if not pattern:
        raise ExpressionError("random(): no pattern provided")
    answer = environment.ask(LookupKey(RANDOM, (pattern,)))
    if answer.error or not isinstance(answer.value, str):
        raise ExpressionError(f"random(): {answer.error or 'no randomness'}")
    return generate(pattern, answer.value)


def _is_external_url(arguments: list[Any], environment: Environment) -> bool:
    """Whether no address of the URL's host is a loopback or private one."""
    try:
        host = urlsplit(arguments[0]).hostname or ""
    except ValueError as error:
        raise ExpressionError(f"is_external_url(): {error}") from error
    try:
        return _is_external(host)
    except ValueError:
        answer = environment.ask(LookupKey(DNS, (host,)))
    if answer.error or not isinstance(answer.value, list):
        raise ExpressionError(f"is_external_url(): lookup {host}: {answer.error or 'no such host'}")
    return all(_is_external(str(address)) for address in answer.value)


_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def _is_external(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return not (address.is_loopback or any(address in network for network in _PRIVATE))


DATA_FUNCTIONS = (
    Function("lookup", plain(_lookup), (_CONTAINER, ("string", "number"))),
    Function("items", plain(_items), (_CONTAINER, STRING, STRING)),
    Function("object_from_lists", plain(_object_from_lists), (ARRAY, ARRAY)),
    Function("parse_json", plain(_parse_json), (STRING,)),
    Function("parse_yaml", plain(_parse_yaml), (STRING,)),
    Function("random", _random, (STRING,)),
    Function("x509_decode", plain(decode_pem), (STRING,)),
    Function("is_external_url", _is_external_url, (STRING,)),
)
