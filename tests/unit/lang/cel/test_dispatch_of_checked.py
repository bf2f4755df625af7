import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DOUBLE, list_of
from propolis.lang.cel.values import Duration
from tests.harness.cel import runtime

ENVIRONMENT = Environment(environment_at(), {"none": list_of(DOUBLE)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1.5, 2.0].sum()", 3.5),
        ("[duration('1s'), duration('2s')].sum()", Duration(3_000_000_000)),
        ("none.sum()", 0.0),
    ],
)
def test_the_overload_that_the_checker_found_is_called(text: str, expected: object) -> None:
    program = compile_expression(text, ENVIRONMENT)
    values = [program.evaluate_exactly({"none": []}, runtime())]
    program.generate()
    values.append(program.evaluate({"none": []}, runtime()))
    assert values == [expected, expected]
    assert {type(value) for value in values} == {type(expected)}
