"""Calls of the functions that Kyverno adds to JMESPath."""

import json
from collections import defaultdict
from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.jmespath import Environment, ExpressionError, compile_expression
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("kyverno-functions", __file__)
PATH = corpora() / "kyverno-functions" / "functions.jsonl"
ADDRESSES = {"localhost": ["127.0.0.1"], "google.com": ["142.250.1.1"]}


def _cases() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in PATH.read_text(encoding="utf-8").splitlines() if PATH.exists() else []:
        case = json.loads(line)
        found[case["test"]].append(case)
    return dict(found)


CASES = _cases()


def _ask(key: LookupKey) -> Answer:
    return Answer(
        ADDRESSES.get(key.arguments[0]), error="" if key.arguments[0] in ADDRESSES else "no such host"
    )


def _holds(case: dict[str, Any]) -> bool:
    try:
        result = compile_expression(case["expr"]).search(case["data"], Environment(ask=_ask))
    except ExpressionError:
        return bool(case.get("error"))
    return not case.get("error") and bool(result == case["expect"])


@pytest.mark.parametrize("name", CASES)
def test_every_call_gives_its_result_or_an_error(name: str) -> None:
    SUITE.settle_all((case["expr"], _holds(case), case) for case in CASES[name])


def test_the_corpus_is_there() -> None:
    corpus("kyverno-functions")
    assert CASES
