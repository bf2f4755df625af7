"""libyaml: its events, and its errors as errors of a document with what would have been right."""

from collections.abc import Callable
from typing import Any

from yaml.cyaml import CParser  # type: ignore[attr-defined]  # its stubs forget to export it
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from propolis.core.errors import DocumentError, Place
from propolis.lang.yaml.encoding import place_of_offset

_EXPECTED = {
    "mapping values are not allowed in this context": "one key a line, or quotes around a text with ': '",
    "found character that cannot start any token": "quotes around such a text; blanks to indent, not tabs",
    "did not find expected key": "a key in the same column as the keys above it",
    "did not find expected '-' indicator": "an item in the same column as the items above it",
    "found a tab character that violates indentation": "blanks to indent, not tabs",
    "did not find expected node content": "a value, or quotes around it",
    "could not find expected ':'": "'key: value', or more indentation where a text goes on",
    "did not find expected ',' or ']'": "the list to end with ]",
    "did not find expected ',' or '}'": "the map to end with }",
    "block sequence entries are not allowed in this context": "a list in a line of its own below its key",
    "found unexpected end of stream": "the closing quote",
    "found unknown escape character": "an escape that YAML 1.1 knows, or single quotes",
    "found undefined tag handle": "a %TAG directive, or no tag",
    "found incompatible YAML document": "%YAML 1.1 or no directive",
    "did not find expected <document start>": "--- before the next document",
    "found unexpected ':'": "quotes around a text that ends with ':'",
}
_READABLE = "text; base64 for anything else"


def events_of(data: bytes) -> Callable[[], Any]:
    """The next event of libyaml on every call; after the stream's end None."""
    next_event: Callable[[], Any] = CParser(data).get_event
    return next_event


def place(event: Any) -> Place:
    """The place at which an event begins, from 1."""
    return _marked(event.start_mark)


def syntax_error(error: MarkedYAMLError) -> DocumentError:
    """What libyaml says about a document that is no YAML."""
    problem = error.problem or error.context or "not YAML"
    context = f" {error.context}" if error.problem and error.context else ""
    mark = error.problem_mark or error.context_mark
    expected = _EXPECTED.get(problem, "YAML 1.1")
    return DocumentError(f"{problem}{context}", _marked(mark) if mark else Place("", 1, 1), expected)


def reader_error(error: ReaderError, data: bytes) -> DocumentError:
    """A character that YAML does not allow, control characters above all."""
    offset = min(max(error.position, 0), len(data))
    return DocumentError(str(error.reason), place_of_offset(data, offset), _READABLE)


def _marked(mark: Any) -> Place:
    return Place("", mark.line + 1, mark.column + 1)
