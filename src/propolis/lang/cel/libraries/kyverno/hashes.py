"""``hash``: digests of texts as hexadecimal (libs/hash)."""

import hashlib
from collections.abc import Callable

from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Function, Library
from propolis.lang.cel.types import STRING


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(
        name, text.encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()


def _hash(name: str) -> tuple[Function, Function]:
    run = _digest(name)
    return (
        function(name, call(f"{name}_string_non_prefixed", (STRING,), STRING, run)),
        function(f"hash.{name}", call(f"{name}_string_prefixed", (STRING,), STRING, run)),
    )


HASH_LIBRARY = Library("kyverno.hash", (*_hash("sha1"), *_hash("sha256"), *_hash("md5")))
