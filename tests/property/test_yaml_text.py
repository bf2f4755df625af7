from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.yaml import load_documents
from propolis.reports.render.yaml_text import yaml_stream

PARTS = [
    *"a b-:#'\"\\|>&*!%@`{}[],?~=<0123.ex_/\n\t\r",
    "\n\n", "  ", ": ", " #", "\u00e9", "\u0085", "\u00a0", "\u2028", "\ufeff", "\U0001f41d", "\x00", "\x7f",
    "true", "No", "null", "---", "...", "0x1f", "1e3", "12:30", "2001-01-01", "- ", "<<", ".inf", "x" * 130,
]  # fmt: skip
texts = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(-1e12, 1e12)  # the own reader gives a whole float beyond 2**53 as the integer of its digits
    | st.sampled_from([1e-300, 1.5e300])
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(values, min_size=1, max_size=3))
def test_what_is_written_is_read_back_by_another_reader(documents: list[Any]) -> None:
    assert list(yaml.load_all(yaml_stream(documents), yaml.CSafeLoader)) == documents


@given(st.dictionaries(texts, values, min_size=1, max_size=3))
def test_what_is_written_is_read_back_by_the_own_reader(document: dict[str, Any]) -> None:
    (parsed,) = load_documents(yaml_stream([document]))
    assert parsed.error is None
    assert parsed.document == document


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"a": {"b": [1, {"c": "x", "d": []}]}, "e": {}}, "a:\n  b:\n  - 1\n  - c: x\n    d: []\ne: {}\n"),
        ({"a": "one\n\n  two\n", "b": "one\ntwo"}, "a: |\n  one\n\n    two\nb: |-\n  one\n  two\n"),
        ({"a": "yes", "b": "1", "c": "x: y", "d": "a-b/c d"}, 'a: "yes"\nb: "1"\nc: "x: y"\nd: a-b/c d\n'),
        ([[1, 2], [{"a": None}]], "-\n  - 1\n  - 2\n-\n  - a: null\n"),
    ],
)
def test_it_reads_as_people_write_it(document: Any, text: str) -> None:
    assert yaml_stream([document]).decode() == f"---\n{text}"


def test_a_character_that_cannot_be_written_is_replaced() -> None:
    assert yaml_stream([{"a": "x\ud800"}]) == b'---\na: "x?"\n'
