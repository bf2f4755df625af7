"""What a document may consist of to be beyond doubt: the same in YAML 1.1, YAML 1.2 and go-yaml.

The grammar is one of lines. Inside of a block scalar or a text over several lines it is stricter
than needed, which costs speed there and nothing else. Left out on purpose: tabs, anchors, aliases,
tags, merge keys, directives, quotes over several lines, escapes by number, flow collections within
each other, keys that are no identifiers, and every word that some resolver takes for a number, a
boolean or null besides the usual spellings.
"""

from propolis.lang.yaml.byte_patterns import compile_bytes

MOST_DEPTH = 128
"""No plain document nests deeper: a level takes at least one of the columns that a line may have."""

_INDENT = r" {0,100}(?:- {1,4}){0,2}"
_SPACE_OR_CONTROL = r"\x00-\x20\x7f"

# A word of plain text: '#' does not begin it, ':' does not end it.
_INNER = rf"(?:[^{_SPACE_OR_CONTROL}:]|:+[^{_SPACE_OR_CONTROL}:])*"
_WORD = rf"[^{_SPACE_OR_CONTROL}:#]{_INNER}"
_WORDS = rf"(?: +{_WORD})*"

# Text that no resolver takes for anything else (but for the words of _DOUBTFUL).
# Some parsers drop underscores before they try a number; '.i' and '.n' may begin one.
_BEGINNING = r"[A-Za-z/($^<;=\x80-\xff]|_[A-Za-z]|\.[A-HJ-MO-Za-hj-mo-z/]|\.\./|\?[A-Za-z*]"
_LETTERED = rf"(?:{_BEGINNING}){_INNER}{_WORDS}"
_DASHED = rf"--?[A-Za-z]{_INNER}{_WORDS}"
_NUMBER_SIGN = r"0-9a-fA-FxXoObB_.+\-"
_UNIT = rf"(?:[^{_SPACE_OR_CONTROL}{_NUMBER_SIGN}:#]|:+[^{_SPACE_OR_CONTROL}:])"
_WITH_UNIT = rf"[0-9][{_NUMBER_SIGN}]*{_UNIT}{_INNER}{_WORDS}"
_WITH_WORDS = rf"[0-9][{_NUMBER_SIGN}]* +{_WORD}{_WORDS}"
_DOTTED = r"[0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)*"
_INTEGER = r"(?:-?[1-9][0-9]{0,17}|0)"

_SINGLE_QUOTED = r"'(?:[^'\x00-\x1f\x7f]|'')*'"
_DOUBLE_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\["\\nrt0abfve])*"'
_QUOTED = rf"{_SINGLE_QUOTED}|{_DOUBLE_QUOTED}"

_KEY_TEXT = r"[_.]?[A-Za-z][A-Za-z0-9_./$-]{0,500}"
_KEY_QUOTED = r"""'[^':\x00-\x1f\x7f]{0,500}'|"[^"\\:\x00-\x1f\x7f]{0,500}\""""
_KEY_ANCHORED = r"[=X^+<]?\([A-Za-z0-9_./-]{0,200}\)"  # as policies write them
_KEY = rf"(?:{_KEY_TEXT}|{_KEY_QUOTED}|{_KEY_ANCHORED})"

_FLOW_WORD = rf"(?:[A-Za-z/$][A-Za-z0-9_./$@+-]*|[1-9][0-9]*[A-Za-z]{{1,2}}|{_INTEGER}|{_QUOTED}|\[\]|\{{\}})"
_FLOW_LIST = rf"\[ *(?:{_FLOW_WORD} *(?:, *{_FLOW_WORD} *)*)?\]"
_FLOW_ENTRY = rf"{_KEY}: +{_FLOW_WORD} *"
_FLOW_MAP = rf"\{{ *(?:{_FLOW_ENTRY}(?:, *{_FLOW_ENTRY})*)?\}}"

_BLOCK_HEADER = r"[|>][+-]?"
_TEXT = rf"{_LETTERED}|{_DASHED}|{_WITH_UNIT}|{_WITH_WORDS}|{_DOTTED}|{_INTEGER}|~"
_VALUE = rf"(?:{_TEXT}|{_QUOTED}|{_FLOW_LIST}|{_FLOW_MAP})"
_COMMENT = r"#[^\x00-\x1f\x7f]*"
_REST = rf"(?: +{_COMMENT})? *"
_CONTENT = rf"{_INDENT}(?:{_KEY}:(?: +{_VALUE})?|{_VALUE}|-){_REST}"
_BLOCK = rf" {{0,100}}(?:(?:- {{1,4}}){{0,2}}{_KEY}:|(?:- {{1,4}})?-) +{_BLOCK_HEADER}{_REST}"
_LINE = rf"(?:{_CONTENT}|{_BLOCK}| *| *{_COMMENT})\n"
# The last line has content: parsers differ on a block scalar that the document's end leaves empty.
_DOCUMENT = rf"(?:---{_REST}\n)?(?:{_LINE})*{_CONTENT}\n(?: *\n)*"

# Words with a meaning in one resolver and none in another, as a value or a key; as a key, also the
# words that are no text.
_ONE_SIDED = "y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
_NUMBER_WORDS = r"[.+-]*(?:nan|NaN|NAN|inf|Inf|INF|[Ii]nfinity)"
_NO_TEXT = "null|Null|NULL|true|True|TRUE|false|False|FALSE"
_DOUBTFUL = rf"(?:[ \n\[{{,]|\A)(?:(?:{_ONE_SIDED}|{_NUMBER_WORDS})(?:[ \n:,\]}}]|\z)|(?:{_NO_TEXT}) *:)"
_UNUSUAL_CHARACTERS = r"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"

_IS_DOCUMENT = compile_bytes(_DOCUMENT)
_IS_DOUBTFUL = compile_bytes(rf"{_DOUBTFUL}|{_UNUSUAL_CHARACTERS}")


def is_plain(data: bytes) -> bool:
    """Whether every parser reads this document alike; it must end with a line break."""
    return bool(_IS_DOCUMENT.fullmatch(data)) and not _IS_DOUBTFUL.search(data)
