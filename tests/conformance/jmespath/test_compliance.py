"""The compliance suite of JMESPath."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from propolis.lang.jmespath import ExpressionError, compile_expression
from tests.harness.corpora import corpora, corpus

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
    wrong = [case["expression"] for given, case in _cases(name) if not _holds(given, case)]
    assert wrong == []


def test_all_cases_are_there() -> None:
    corpus("jmespath")
    assert sum(1 for name in FILES for _ in _cases(name)) == 862
