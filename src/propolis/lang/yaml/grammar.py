"""What a document may consist of to be beyond doubt: the same in YAML 1.1, YAML 1.2 and go-yaml.

The grammar is one of lines. Inside of a block scalar or a text over several lines it is stricter
than needed, which costs speed there and nothing else: whatever a line may be taken for, text or
structure, must be harmless. Left out on purpose: tabs, anchors, aliases, tags, merge keys,
directives, escapes by number, flow collections within each other, most keys that are no
identifiers, and every word that some resolver takes for a number, a boolean or null besides the
usual spellings.
"""

from propolis.lang.yaml.byte_patterns import compile_bytes

MOST_DEPTH = 128
"""No plain document nests deeper: a level takes at least one of 100 columns, or is one of four in a line."""

_INDENT = r" *(?:- +){0,2}"
_TOO_FAR_RIGHT = b" " * 101
_SPACE_OR_CONTROL = r"\x00-\x20\x7f"

# A word of plain text: '#' does not begin it, ':' does not end it.
_INNER = rf"(?:[^{_SPACE_OR_CONTROL}:]|:+[^{_SPACE_OR_CONTROL}:])*"
_WORD = rf"[^{_SPACE_OR_CONTROL}:#]{_INNER}"
_WORDS = rf"(?: +{_WORD})*"

# Text that no resolver takes for anything else (but for the words of _DOUBTFUL).
# Some parsers drop underscores before they try a number; '.i' and '.n' may begin one.
_BEGINNING = r"[A-Za-z/($^<;=\x80-\xff]|_[A-Za-z]|\.[A-HJ-MO-Za-hj-mo-z/]|\.\./|\?[A-Za-z*]"
_LETTERED = rf"(?:{_BEGINNING}){_INNER}{_WORDS}"
_DASHED = rf"-+[A-Za-z]{_INNER}{_WORDS}"
_NUMBER_SIGN = r"0-9a-fA-FxXoObB_.+\-"
_UNIT = rf"(?:[^{_SPACE_OR_CONTROL}{_NUMBER_SIGN}:#]|:+[^{_SPACE_OR_CONTROL}:])"
_WITH_UNIT = rf"[0-9][{_NUMBER_SIGN}]*{_UNIT}{_INNER}{_WORDS}"
_WITH_WORDS = rf"[0-9][{_NUMBER_SIGN}]* +{_WORD}{_WORDS}"
_SHORT_UNIT = r"[1-9][0-9]*[A-Za-z]{1,2}"
_DOTTED = r"[0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)*"
_INTEGER = r"(?:-?[1-9][0-9]{0,17}|0)"

_SINGLE = r"(?:[^'\x00-\x1f\x7f]|'')"
_DOUBLE = r'(?:[^"\\\x00-\x1f\x7f]|\\["\\nrt0abfve])'
_QUOTED = rf"""'{_SINGLE}*'|"{_DOUBLE}*\""""
_QUOTED_LINES = rf"""'{_SINGLE}*(?:\n{_SINGLE}*)+'|"{_DOUBLE}*(?:\n{_DOUBLE}*)+\""""

_KEY_TEXT = r"[_.]?[A-Za-z][A-Za-z0-9_./$-]*"
_KEY_QUOTED = r"""'[^':\x00-\x1f\x7f]*'|"[^"\\:\x00-\x1f\x7f]*\""""
_FLOW_KEY = rf"(?:{_KEY_TEXT}|{_KEY_QUOTED})"
_KEY_ANCHORED = r"[=X^+<]?\([A-Za-z0-9_./$'!?<>&|=()\[\] -]*\)"  # as policies and their tests do
_KEY = rf"(?:{_FLOW_KEY}|{_KEY_ANCHORED})"

_FLOW_WORD = rf"(?:[A-Za-z/$][A-Za-z0-9_./$@+-]*|{_SHORT_UNIT}|{_INTEGER}|{_QUOTED}|\[\]|\{{\}})"
_FLOW_LIST = rf"\[ *(?:{_FLOW_WORD} *(?:, *{_FLOW_WORD} *)*)?\]"
_FLOW_ENTRY = rf"{_FLOW_KEY}: +{_FLOW_WORD} *"
_FLOW_MAP = rf"\{{ *(?:{_FLOW_ENTRY}(?:, *{_FLOW_ENTRY})*)?\}}"

_TEXT = rf"{_LETTERED}|{_DASHED}|{_WITH_UNIT}|{_WITH_WORDS}|{_SHORT_UNIT}|{_DOTTED}|{_INTEGER}|~"
_VALUE = rf"(?:{_TEXT}|{_QUOTED}|{_FLOW_LIST}|{_FLOW_MAP})"
_COMMENT = r"#[^\x00-\x1f\x7f]*"
_REST = rf"(?: +{_COMMENT})? *"
_CONTENT = rf"{_INDENT}(?:{_KEY}:(?: +{_VALUE})?|{_VALUE}|-){_REST}"
_BLANK = rf" *(?:{_COMMENT})?"
_BLOCK = rf" *(?:(?:- +){{0,2}}{_KEY}:|(?:- +)?-) +[|>][+-]?{_REST}"
# Quotes over several lines: only after a key, which no text over several lines can hold, and only
# in documents without block scalars, whose text could look like their beginning.
_LINES = rf"{_INDENT}{_KEY}: +(?:{_QUOTED_LINES}){_REST}"


def _document(line: str, last: str) -> str:
    """A document of such lines; parsers differ on a block scalar that its end leaves empty."""
    return rf"(?:---{_REST}\n)?(?:(?:{line})\n)*(?:{last})\n(?: *\n)*"


_WITH_BLOCKS = _document(rf"{_CONTENT}|{_BLOCK}|{_BLANK}", _CONTENT)
_WITH_LINES = _document(rf"{_CONTENT}|{_LINES}|{_BLANK}", rf"{_CONTENT}|{_LINES}")

# Words with a meaning in one resolver and none in another, as a value or a key; as a key, also the
# words that are no text.
_ONE_SIDED = "y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
_NUMBER_WORDS = r"[.+-]*(?:nan|NaN|NAN|inf|Inf|INF|[Ii]nfinity)"
_NO_TEXT = "null|Null|NULL|true|True|TRUE|false|False|FALSE"
_BEFORE = r"(?:(?:\A|\n) *(?:- +)*|: +|[\[{,] *)"
_AFTER = r" *(?:[\n#:,\]}]|\z)"
_DOUBTFUL = rf"{_BEFORE}(?:(?:{_ONE_SIDED}|{_NUMBER_WORDS}){_AFTER}|(?:{_NO_TEXT}) *:)"
_UNUSUAL_CHARACTERS = r"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"

_IS_DOCUMENT = compile_bytes(rf"{_WITH_BLOCKS}|{_WITH_LINES}")
_IS_DOUBTFUL = compile_bytes(rf"{_DOUBTFUL}|{_UNUSUAL_CHARACTERS}")


def is_plain(data: bytes) -> bool:
    """Whether every parser reads this document alike; it must end with a line break."""
    if _TOO_FAR_RIGHT in data:
        return False
    return bool(_IS_DOCUMENT.fullmatch(data)) and not _IS_DOUBTFUL.search(data)
