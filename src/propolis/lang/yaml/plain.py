"""The fast path: documents without any doubtful syntax, by a parser in Rust.

`grammar.py` says in one regular expression what is beyond doubt; RE2 matches it in linear time.
A document that it does not match, or that the fast parser refuses (a key twice among others), is
left to the reference. Tests compare both on every document of the corpora and on generated ones.
"""

from typing import Any, Final

from yaml_rs import YAMLDecodeError, loads

from propolis.core.limits import Limits
from propolis.lang.yaml.grammar import MOST_DEPTH, is_plain

NOT_PLAIN: Final = object()
"""In place of a value: the reference must read this document."""


def load(data: bytes, limits: Limits) -> Any:
    """The value of one document, or `NOT_PLAIN`.

    The limits of depth and values need no counting: the grammar bounds the columns, and a
    document has fewer values than bytes.
    """
    if len(data) > limits.document_nodes or limits.document_depth < MOST_DEPTH:
        return NOT_PLAIN
    if not data.endswith(b"\n"):
        if b"|" in data or b">" in data:  # at the end of a block scalar a line break has a meaning
            return NOT_PLAIN
        data += b"\n"
    if not is_plain(data):
        return NOT_PLAIN
    try:
        return loads(data.decode(), parse_datetime=False)
    except (YAMLDecodeError, UnicodeDecodeError):
        return NOT_PLAIN
