"""Calls of the functions that Kubernetes adds to CEL, with their results and errors."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError, EvaluationError
from propolis.lang.cel.libraries.extensions import optionals
from propolis.lang.cel.libraries.kubernetes.formats import FORMAT_LIBRARY
from propolis.lang.cel.libraries.kubernetes.network import CIDR, CIDR_LIBRARY, IP, IP_LIBRARY
from propolis.lang.cel.libraries.kubernetes.quantity import QUANTITY_LIBRARY, Amount, parse_amount
from propolis.lang.cel.libraries.kubernetes.semver import SEMVER_V0, SEMVER_V1, Semver, parse_semver
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Library
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.values import OptionalValue
from tests.harness.cel import runtime
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("cel-k8s-functions", __file__)
PATH = corpora() / "cel-k8s-functions" / "functions.jsonl"


def _cases() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in PATH.read_text(encoding="utf-8").splitlines() if PATH.exists() else []:
        case = json.loads(line)
        found[case["library"]].append(case)
    return dict(found)


CASES = _cases()
SEMVERS: dict[int, Library] = {0: SEMVER_V0, 1: SEMVER_V1}


def _environment(case: dict[str, Any]) -> Environment:
    """All libraries, as functions of one name are joined; semver in the version of the case."""
    semver = SEMVERS[case.get("library_version", 0)]
    libraries = (IP_LIBRARY, CIDR_LIBRARY, FORMAT_LIBRARY, QUANTITY_LIBRARY)
    return Environment((STANDARD, optionals(), *libraries, semver), uses_cross_type_numerics=True)


def _shown(value: Any) -> Any:
    """A value in the corpus' notation."""
    if isinstance(value, OptionalValue):
        return {"optional": _shown(value.value) if value.has_value else None}
    if isinstance(value, list):
        return {"list": [_shown(item) for item in value]}
    for kind, name in ((IP, "ip"), (CIDR, "cidr"), (Amount, "quantity"), (Semver, "semver")):
        if isinstance(value, kind):
            return {name: str(value)}
    if isinstance(value, bool | float):
        return {"bool" if isinstance(value, bool) else "double": value}
    return {"int": str(value)} if isinstance(value, int) else {"string": value}


def _outcome(case: dict[str, Any]) -> tuple[str, Any]:
    """Phase and message of an error, or the value."""
    try:
        program = compile_expression(case["expr"], _environment(case))
    except CelError as error:
        return "compile", error.message
    try:
        return "value", _shown(program.evaluate({}, runtime()))
    except EvaluationError as error:
        return "run", error.message


def _is_right(case: dict[str, Any], outcome: tuple[str, Any]) -> bool:
    phase, found = outcome
    if not case.get("error"):
        return phase == "value" and (found == case["expect"] or _same_amount(found, case["expect"]))
    if phase != case["phase"]:
        return False
    if "message" in case:
        return bool(found == case["message"])
    wanted = case["message_regex"]
    return any(re.search(one, found) for one in (wanted if isinstance(wanted, list) else [wanted]))


def _same_amount(found: Any, expected: Any) -> bool:
    """Quantities and versions may be written in several ways."""
    for name, parse in (("quantity", parse_amount), ("semver", parse_semver)):
        if isinstance(expected, dict) and name in expected and name in found:
            return bool(parse(found[name]) == parse(expected[name]))
    return False


@pytest.mark.parametrize("library", CASES)
def test_every_call_gives_its_result_or_its_error(library: str) -> None:
    outcomes = [(case, _outcome(case)) for case in CASES[library]]
    SUITE.settle_all((case["expr"], _is_right(case, outcome), outcome) for case, outcome in outcomes)


def test_the_corpus_is_there() -> None:
    corpus("cel-k8s-functions")
    assert CASES
