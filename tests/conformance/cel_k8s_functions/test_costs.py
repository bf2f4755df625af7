"""Costs of expressions as Kubernetes estimates and counts them."""

import json
from typing import Any

import pytest

from propolis.core.evaluation import Answer
from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.ranges import Range
from propolis.lang.cel.cost.sizes import Path
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.kubernetes.authorizer import AUTHORIZER_TYPE, authorizer_for
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.libraries.kubernetes.jsonpatch import JSON_PATCH_LIBRARY
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import Type
from tests.harness.cel import NOW
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("cel-k8s-functions", __file__)
COSTS = corpora() / "cel-k8s-functions" / "costs.jsonl"
CASES: list[dict[str, Any]] = (
    [json.loads(line) for line in COSTS.read_text(encoding="utf-8").splitlines()] if COSTS.exists() else []
)
ENVIRONMENT = Environment(
    (*environment_at(), JSON_PATCH_LIBRARY), {"authorizer": AUTHORIZER_TYPE}, uses_cross_type_numerics=True
)
LONGEST_TEXT = 12
"""Characters of a text that nothing else tells, in the tests that the corpus was made of."""


def _size_of(_: Path, of: Type) -> Range | None:
    return Range(0, LONGEST_TEXT) if of.kind in ("string", "bytes") else None


def _costs(text: str) -> tuple[int, int, int]:
    """Least and most by the estimate, and what an evaluation costs."""
    program = compile_expression(text, ENVIRONMENT)
    bounds = estimate(program.tree, _size_of)
    counter = Counter(Plan(program.tree))
    runtime = Runtime(NOW, lambda _: Answer({"allowed": True}))
    program.evaluate_observed({"authorizer": authorizer_for({"username": "ada"})}, runtime, counter.observe)
    return bounds.low, bounds.high, counter.cost


@pytest.mark.parametrize("group", sorted({case["test"] for case in CASES}))
def test_every_expression_costs_what_kubernetes_says(group: str) -> None:
    found = [(case, _costs(case["expr"])) for case in CASES if case["test"] == group]
    SUITE.settle_all(
        (case["expr"], costs == (case["estimated_min"], case["estimated_max"], case["runtime"]), costs)
        for case, costs in found
    )


def test_the_corpus_is_there() -> None:
    corpus("cel-k8s-functions")
    assert CASES
