"""Connection lists, single questions and refused policies of netpol-analyzer."""

import pytest

from propolis.core.resource import Document
from propolis.network.engine.connectivity import Connectivity
from propolis.network.engine.policies import Policies
from propolis.network.model.endpoint import endpoints
from tests.conformance.netpol_analyzer.folders import (
    cases,
    expected_lines,
    focused,
    found_lines,
    inventory,
)
from tests.harness.corpora import Suite, corpus


def _is_about_policies(name: str) -> bool:
    """Whether an error is about one folder's NetworkPolicies."""
    return name.startswith("errors/") and "netpol_" in name and "admin" not in name


SUITE = Suite("netpol-analyzer", __file__)
LISTS = [case for case in cases("cases.jsonl") if case["kind"] == "connlist"]
QUESTIONS = cases("eval.jsonl")
ERRORS = [case for case in cases("errors.jsonl") if _is_about_policies(case["name"])]


def _named(found: list[Document]) -> list[object]:
    return [pytest.param(case, id=case["name"]) for case in found]


def test_the_corpus_is_there() -> None:
    corpus("netpol-analyzer")
    assert LISTS
    assert QUESTIONS
    assert ERRORS


@pytest.mark.parametrize("case", _named(LISTS))
def test_a_list_of_connections_is_as_upstream_says(case: Document) -> None:
    expected = expected_lines(case["expected"])
    options = case.get("options") or {}
    found = focused(found_lines(inventory(case["dirs"][0])), options)
    why = {"missing": sorted(map(str, expected - found))[:3], "extra": sorted(map(str, found - expected))[:3]}
    SUITE.settle(case["name"], is_right=found == expected, why=why)


@pytest.mark.parametrize("case", _named(QUESTIONS))
def test_a_single_question_is_answered_as_upstream_says(case: Document) -> None:
    found = inventory(case["dirs"][0])
    pods = {(one.namespace, one.ref.name): one for one in endpoints(found)}
    source, target = (
        pods.get((case[side]["namespace"], case[side]["pod"])) for side in ("source", "destination")
    )
    if source is None or target is None:
        SUITE.settle(case["name"], is_right=False, why="a pod is not among the workloads")
        return
    verdict = Connectivity(found).allowed(source, target, int(case["port"]), case["protocol"].upper())
    SUITE.settle(case["name"], is_right=verdict.is_allowed is case["allowed"], why=verdict)


@pytest.mark.parametrize("case", _named(ERRORS))
def test_a_policy_that_upstream_refuses_is_refused(case: Document) -> None:
    refused = Policies(inventory(case["dirs"][0])).refused
    SUITE.settle(case["name"], is_right=bool(refused), why="no policy was refused")
