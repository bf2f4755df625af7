"""Labels and annotations in whose keys wildcards stand: each stands for the first label that it matches."""

from collections.abc import Callable
from typing import Any

from propolis.lang.wildcard import compile_wildcard, has_wildcard
from propolis.policy.engine.anchors import parse_anchor, plain_key
from propolis.policy.engine.mismatch import Mismatch

Seen = dict[str, bool]
Check = Callable[..., Mismatch | None]
MOST_EXPANSIONS = 1024


def compile_labels(pattern: dict[str, Any], compile_value: Callable[[Any], Check]) -> Check:
    """The check of such a map; it compiles once for all resources that have the same labels matched."""
    matchers = {key: compile_wildcard(plain_key(key)) for key in pattern if has_wildcard(key)}
    cache: dict[tuple[str, ...], Check] = {}

    def check(value: Any, seen: Seen, holes: tuple[Any, ...] = ()) -> Mismatch | None:
        labels = value if type(value) is dict else {}
        keys = tuple(_expanded(key, matchers, labels) for key in pattern)
        if keys not in cache:
            if len(cache) > MOST_EXPANSIONS:
                cache.clear()
            cache[keys] = compile_value(dict(zip(keys, pattern.values(), strict=True)))
        return cache[keys](value, seen, holes)

    return check


def _expanded(key: str, matchers: dict[str, Callable[[str], bool]], labels: dict[str, Any]) -> str:
    matcher = matchers.get(key)
    if matcher is None:
        return key
    plain = plain_key(key)
    found = next((name for name, text in labels.items() if type(text) is str and matcher(name)), plain)
    anchor = parse_anchor(key)
    return f"{anchor.modifier}({found})" if anchor else found
