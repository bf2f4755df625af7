"""The conformance tests of the Common Expression Language: all that need no protocol buffers."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError, EvaluationError
from propolis.lang.cel.libraries.extensions import everything
from propolis.lang.cel.libraries.kubernetes.network import CIDR_LIBRARY, IP_LIBRARY
from propolis.lang.cel.libraries.specified_network import SPECIFIED_NETWORK
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Function, Library, Overload, Runtime
from propolis.lang.cel.program import Program, compile_expression
from tests.conformance.cel_spec.values import is_same, type_named, value_of
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("cel-spec", __file__)
FILE = corpora() / "cel-spec" / "tests.jsonl"
BASE = Environment((STANDARD, *everything(), SPECIFIED_NETWORK, IP_LIBRARY, CIDR_LIBRARY))


def generated(program: Program) -> Callable[..., Any]:
    assert program.generate() is not None
    return program.evaluate


Way = Callable[[Program], Callable[..., Any]]
WAYS: dict[str, Way] = {
    "generated": generated,
    "exactly": lambda program: program.evaluate_exactly,
}


def _cases() -> Iterator[dict[str, Any]]:
    if FILE.is_file():
        for line in FILE.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if not case["needs_protobuf"]:
                yield case


CASES = list(_cases())
FILES = sorted({case["file"] for case in CASES})


def _ask(key: object) -> Any:
    raise AssertionError(key)


RUNTIME = Runtime(datetime(2026, 1, 1, tzinfo=UTC), _ask)


def _no_call(*values: Any) -> Any:
    raise AssertionError(values)


def _function(declared: dict[str, Any]) -> Function:
    overloads = tuple(
        Overload(
            one["id"],
            tuple(map(type_named, one["params"])),
            type_named(one["result"]),
            _no_call,
            is_member=one["instance"],
        )
        for one in declared["overloads"]
    )
    return Function(declared["name"], overloads)


def _environment(case: dict[str, Any]) -> Environment:
    functions = tuple(_function(one) for one in case["type_env"] if "overloads" in one)
    variables = {one["name"]: type_named(one["type"]) for one in case["type_env"] if "type" in one}
    return BASE.extended(
        Library("case", functions=functions),
        variables=variables,
        container=case["container"],
        uses_macros=not case["disable_macros"],
    )


def _is_right(case: dict[str, Any], way: Way) -> tuple[bool, object]:
    expected = case["expect"]
    bindings = {name: value_of(value) for name, value in case["bindings"].items()}
    try:
        program = compile_expression(case["expr"], _environment(case), is_checked=not case["disable_check"])
        if "type" in expected and program.type != type_named(expected["type"]):
            return False, f"has the type {program.type}"
        if case["check_only"]:
            return True, ""
        found = way(program)(bindings, RUNTIME)
    except (CelError, EvaluationError) as error:
        return bool(expected.get("error")), error
    if expected.get("error"):
        return False, f"gives {found!r} and no error"
    return is_same(found, value_of(expected["value"])), f"gives {found!r}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_every_expression_gives_its_value_or_an_error(name: str, way: str) -> None:
    results = []
    for case in CASES:
        if case["file"] == name:
            is_right, why = _is_right(case, WAYS[way])
            results.append((f"{name}/{case['section']}/{case['name']}: {case['expr']}", is_right, why))
    SUITE.settle_all(results)


def test_the_corpus_is_there() -> None:
    corpus("cel-spec")
    assert FILES
