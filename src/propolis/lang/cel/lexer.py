"""The tokens of an expression.

Follows cel-go parser/gen/CEL.g4 @ v0.30.0, lexer rules. Positions are code points from the start.
"""

import re
from typing import NamedTuple

from propolis.lang.cel.errors import CelSyntaxError, place_of, pointed

_QUOTED = (
    r'[rR](?:"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"[^"\n\r]*"|\'[^\'\n\r]*\')'
    r'|"""(?:[^\\]|\\[\s\S])*?"""|\'\'\'(?:[^\\]|\\[\s\S])*?\'\'\''
    r'|"(?:[^"\\\n\r]|\\.)*"|\'(?:[^\'\\\n\r]|\\.)*\''
)
_TOKEN = re.compile(
    r"(?P<blank>[\t \r\n\f]+|//[^\n]*)"
    rf"|(?P<bytes>[bB](?:{_QUOTED}))"
    rf"|(?P<string>{_QUOTED})"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<uint>0x[0-9a-fA-F]+[uU]|[0-9]+[uU])"
    r"|(?P<int>0x[0-9a-fA-F]+|[0-9]+)"
    r"|(?P<quoted>`[A-Za-z0-9_.\-/ ]+`)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[<>\[\]{}().,\-!?:+*/%])"
)
KEYWORDS = frozenset({"in", "true", "false", "null"})


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: "string", "bytes", "name", "quoted", "float", "uint", "int", "end"; a sign or a keyword is
            its own kind.
        text: As it was written.
        start: Where it starts.
        end: Where it ends.
    """

    kind: str
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """All tokens; the last one is of the kind "end".

    Raises:
        CelSyntaxError: A character that starts no token, an open quote.
    """
    tokens: list[Token] = []
    position, length, match = 0, len(text), _TOKEN.match
    while position < length:
        found = match(text, position)
        if found is None:
            raise _unknown(text, position)
        kind, end = found.lastgroup, found.end()
        if kind != "blank":
            word = found[0]
            if kind == "sign" or word in KEYWORDS:
                kind = word
            tokens.append(Token(kind or "", word, position, end))
        position = end
    tokens.append(Token("end", "", length, length))
    return tokens


def _unknown(text: str, position: int) -> CelSyntaxError:
    what = (
        "a string without an end" if text[position] in "\"'`" else f"no token starts with {text[position]!r}"
    )
    return CelSyntaxError(pointed(f"Syntax error: {what}", text, position), place_of(text, position))
