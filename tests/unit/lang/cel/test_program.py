import re

import pytest

from propolis.core.evaluation import LookupKey, MissingLookups
from propolis.lang.cel import program as programs
from propolis.lang.cel import tracing
from propolis.lang.cel.environment import Limits
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.library import Function, Library, Overload, Runtime
from propolis.lang.cel.operations import size
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DYN, INT, STRING
from tests.harness.cel_runs import ENVIRONMENT, runtime
from tests.harness.cel_values import failure, program, value

FEW = ENVIRONMENT.extended(limits=Limits(iterations=1000))
PRIVILEGED = (
    "object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || "
    "c.securityContext.privileged == false)"
)


def test_code_is_generated_for_what_is_evaluated_often() -> None:
    made = program("number + 1")
    for _ in range(programs.FIRST_EVALUATIONS):
        assert made.evaluate({"number": 1}, runtime()) == 2
    first = made.evaluate
    assert first({"number": 1}, runtime()) == 2
    assert made.evaluate is not first
    assert first({"number": 2}, runtime()) == 3


def test_generated_code_has_no_text_of_the_expression() -> None:
    generated = program("object.evil == 'import os' && [1].all(evil, evil > 77)").generate()
    assert generated is not None
    assert not re.search("evil|import|os\\b|77", generated.source)
    assert "import os" in generated.table.values()


def test_generated_code_looks_every_field_up_once() -> None:
    generated = program(PRIVILEGED).generate()
    assert generated is not None
    assert generated.source.count(".get(") == 2
    assert generated.source.count("[K") == 3


def test_the_code_can_be_shown() -> None:
    assert "def evaluate(variables, runtime):" in program("object.a").dump_code()
    assert "'object'" in program("object.a").dump_code()


def test_what_python_cannot_nest_is_evaluated_by_closures() -> None:
    deep = "".join(f"[1].all(x{number}, " for number in range(25)) + "true" + ")" * 25
    made = program(deep)
    assert made.generate() is None
    assert made.evaluate({}, runtime()) is True
    assert made.dump_code() == "# evaluated by closures\n"


def test_constants_are_computed_once() -> None:
    calls: list[str] = []

    def slow(text: str) -> str:
        calls.append(text)
        return text.upper()

    functions = (Function("slow", (Overload("slow", (STRING,), STRING, slow),)),)
    made = program(
        "slow('a') == text", environment=ENVIRONMENT.extended(Library("slow", functions=functions))
    )
    made.generate()
    for _ in range(3):
        assert made.evaluate({"text": "A"}, runtime()) is True
    assert calls == ["a"]


def test_functions_that_ask_the_world_are_never_folded() -> None:
    def ask(its: Runtime, name: str) -> object:
        return its.ask(LookupKey("thing", (name,))).value

    functions = (Function("ask", (Overload("ask", (STRING,), DYN, ask, needs_runtime=True),)),)
    made = program("ask('a') == null", environment=ENVIRONMENT.extended(Library("ask", functions=functions)))
    made.generate()
    assert made.evaluate({}, runtime()) is True

    def unanswered(key: LookupKey) -> object:
        raise MissingLookups([key])

    for evaluate in (made.evaluate, made.evaluate_exactly):
        with pytest.raises(MissingLookups):
            evaluate({}, Runtime(runtime().now, unanswered))  # type: ignore[arg-type]


def test_a_name_is_read_when_it_is_needed() -> None:
    class Lazy(dict[str, object]):
        def __missing__(self, name: str) -> object:
            read.append(name)
            return {"flag": True}

    read: list[str] = []
    made = program("object.flag || other.flag")
    made.generate()
    assert made.evaluate(Lazy(), runtime()) is True
    assert read == ["object"]


def test_a_map_may_compute_its_values_when_they_are_asked_for() -> None:
    class Computed(dict[str, object]):
        def __missing__(self, name: str) -> object:
            if name == "none":
                raise KeyError(name)
            return {"name": name}

    assert value("v.some.name + v['other'].name", v=Computed()) == "someother"
    assert failure("v.none", v=Computed()) == "no such key: none"


def test_a_variable_that_is_not_there_is_an_error_of_the_evaluation() -> None:
    made = program("object.a == 1 || number == 1")
    made.generate()
    assert made.evaluate({"number": 1}, runtime()) is True
    with pytest.raises(EvaluationError, match=re.escape("no such attribute(s): object")):
        made.evaluate({"number": 2}, runtime())


@pytest.mark.parametrize(
    "text",
    [
        "l.all(a, l.all(b, l.all(c, true)))",
        "l.map(a, l.map(b, a))",
        "l.exists(a, l.exists(b, false))",
        "l.filter(a, 'x' in l.map(b, 'y'))",
        "l.transformList(i, v, l.transformList(j, w, w))",
    ],
)
def test_loops_in_loops_have_a_limit(text: str) -> None:
    assert "too many elements" in failure(text, FEW, l=list(range(60)))


def test_a_loop_within_the_limit_is_not_refused() -> None:
    assert value("l.all(a, l.all(b, a >= 0))", FEW, l=list(range(20))) is True


@pytest.mark.parametrize(
    "text",
    [
        "l.map(a, l + [a])",
        "l.map(a, s + 'x')",
        "l.filter(a, s.matches('^b'))",
        "l.map(a, s.split(''))",
        "l.exists(a, -1 in big)",
        "l.exists(a, s.contains('b'))",
        "l.exists(a, s < s)",
        "l.exists(a, s == 'b' + s)",
    ],
)
def test_large_values_in_loops_count(text: str) -> None:
    assert "too many elements" in failure(text, FEW, l=list(range(300)), s="a" * 5000, big=list(range(9000)))


def test_an_absorbing_operator_does_not_absorb_the_limit() -> None:
    made = program("l.all(a, l.all(b, true)) || true", environment=FEW, l=DYN)
    for evaluate in (made.evaluate_exactly, made.evaluate):
        with pytest.raises(CostError):
            evaluate({"l": list(range(60))}, runtime())


def test_values_that_hold_one_list_many_times_have_a_limit() -> None:
    doubling = "".join(f"cel.bind(a{number + 1}, [a{number}, a{number}], " for number in range(30))
    for end in (
        "a30 == a30",
        "'%s'.format([a30])",
        "sets.contains([a30], [a30])",
        "[a30].distinct()",
        "[a30].flatten(40)",
    ):
        text = f"cel.bind(a0, [1], {doubling}{end}{')' * 31}"
        assert str(size.MOST_PARTS) in failure(text)


def test_values_nested_too_deeply_are_an_error() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert failure("d == d", d=deep)


def test_the_observer_is_told_every_node() -> None:
    made = program("[1, 2].map(x, x + 1)")
    told: list[tuple[str, object]] = []
    made.evaluate_observed({}, runtime(), lambda node, found: told.append((type(node).__name__, found)))
    assert told[0] == ("Literal", 1)
    assert told[-1] == ("Comprehension", [2, 3])
    assert ("Call", 3) in told


def test_what_an_observer_raises_ends_the_evaluation() -> None:
    def refuse(node: object, found: object) -> None:
        del node, found
        raise CostError("enough")

    with pytest.raises(CostError, match="enough"):
        program("1 == 2 || true").evaluate_observed({}, runtime(), refuse)


def test_a_trace_tells_parts_as_they_were_written() -> None:
    trace = program("has(object.a) && object.a.b == 'x' ? 1 : 2").trace({"object": {"a": {}}}, runtime())
    assert trace.error == "no such key: b"
    steps = {step.text: step for step in trace.steps}
    assert steps["has(object.a)"].value is True
    assert steps["object.a.b"].error == "no such key: b"
    assert steps["object.a"].offset == 17
    assert not trace.is_cut


def test_a_trace_is_bounded() -> None:
    trace = program("l.map(x, x + 1).size()", l=DYN).trace({"l": list(range(5000))}, runtime())
    assert trace.value == 5000
    assert trace.is_cut
    assert len(trace.steps) <= tracing.MOST_STEPS
    assert max(step.iteration for step in trace.steps) < tracing.MOST_OF_ONE


def test_a_text_is_compiled_once_for_an_environment() -> None:
    environment = ENVIRONMENT.extended()
    assert compile_expression("1 + 1", environment) is compile_expression("1 + 1", environment)
    unchecked = compile_expression("1 + 1", environment, is_checked=False)
    assert unchecked is not compile_expression("1 + 1", environment)
    assert compile_expression("1 + 1", ENVIRONMENT.extended()) is not compile_expression("1 + 1", environment)


def test_the_type_of_a_program_is_known() -> None:
    assert compile_expression("1 + 2", ENVIRONMENT).type == INT
