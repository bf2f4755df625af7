"""One expression, tried out."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from propolis.cli.root import cli
from propolis.lang.cel.tracing import Step
from propolis.policy.engine.cel.trial import Part, nested

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: a, image: i}]}
"""


def run(*arguments: str, data: str = POD) -> Result:
    return CliRunner().invoke(cli, ["policy", "cel", *arguments], input=data, standalone_mode=False)


def test_steps_become_a_tree() -> None:
    a, b, both = Step("a", 0, 1), Step("b", 4, 2), Step("a + b", 0, 3)
    assert nested([a, b, both]) == (Part(both, (Part(a), Part(b))),)
    assert nested([a, b]) == (Part(a), Part(b))


def test_the_value_is_printed() -> None:
    assert run("object.metadata.name", "-d", "-").stdout == '"web"\n'
    assert run("object.metadata.?no", "-d", "-").stdout == '{"optional":null}\n'
    assert run("1 + 1", "--type").stdout == "2\ntype: int\n"


def test_variables_are_set_by_json_or_by_expressions_of_the_policy() -> None:
    assert run("x.y + 1", "--var", 'x={"y": 4}').stdout == "5\n"
    assert (
        run("variables.v + '!'", "--var", "variables.v=object.metadata.name", "-d", "-").stdout == '"web!"\n'
    )


def test_cost_and_trace_are_told() -> None:
    found = run(
        "object.spec.containers.all(c, !c.image.contains('x'))", "-d", "-", "--cost", "--trace"
    ).stdout
    lines = found.splitlines()
    assert lines[0] == "true"
    assert lines[1].startswith("cost: ")
    assert any("!c.image.contains('x')  =>  true" in line for line in lines)
    assert any('c.image  =>  "i"' in line for line in lines)


def test_an_error_is_told_and_the_exit_code_says_so() -> None:
    found = run("object.spec.no", "-d", "-")
    assert (found.stdout, found.return_value) == ("error: no such key: no\n", 1)


def test_code_is_dumped() -> None:
    assert "def evaluate(variables, runtime):" in run("1 + 1", "--dump-code").stdout


def test_the_functions_of_a_kind_are_there() -> None:
    data = '{"attributes": {"request": {"http": {"path": "/a"}}}}'
    assert (
        run("object.attributes.request.http.path", "--kind", "Envoy", "-d", "-", data=data).stdout == '"/a"\n'
    )


@pytest.mark.parametrize(
    "arguments", [("1 +",), ("1", "--var", "x"), ("1", "--var", "x={"), ("1", "-d", "/no/such")]
)
def test_what_cannot_be_used_is_an_error_of_the_input(arguments: tuple[str, ...]) -> None:
    found = run(*arguments)
    assert found.exception is not None
    assert "Error" in type(found.exception).__name__


def test_look_ups_are_answered_by_the_documents_of_the_file(tmp_path: Path) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {a: b}"
    path = tmp_path / "all.yaml"
    path.write_text(f"{POD}\n---\n{config}\n", encoding="utf-8")
    found = run("resource.Get('v1', 'configmaps', 'shop', 'c').data.a", "-d", str(path)).stdout
    assert found == '"b"\n'
