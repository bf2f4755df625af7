"""The compliance suite of JMESPath."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from propolis.lang.jmespath import ExpressionError, compile_expression
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("jmespath", __file__)
FOLDER = corpora() / "jmespath" / "compliance"
FILES = sorted(path.name for path in FOLDER.glob("*.json"))


def _cases(name: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    for suite in json.loads((FOLDER / name).read_text(encoding="utf-8")):
        for case in suite["cases"]:
            yield suite["given"], case


def _holds(given: Any, case: dict[str, Any]) -> bool:
    try:
        result = compile_expression(case["expression"], is_standard=True).search(given)
    except ExpressionError:
        return "error" in case
    return "error" not in case and bool(result == case.get("result", result))


@pytest.mark.parametrize("name", FILES)
def test_every_expression_gives_its_result_or_an_error(name: str) -> None:
    SUITE.settle_all(
        (f"{name}: {case['expression']}", _holds(given, case), case) for given, case in _cases(name)
    )


def test_the_corpus_is_there() -> None:
    corpus("jmespath")
    assert FILES
