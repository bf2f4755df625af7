"""``policy crd-validate`` and the payloads of ``policy apply``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from propolis.cli.root import cli

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations:
                - {rule: RULE, message: too few}
              properties: {replicas: {type: integer}}
"""
WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {replicas: REPLICAS}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crd.yaml").write_text(CRD.replace("RULE", "self.replicas > 1"), encoding="utf-8")
    for number in (1, 2):
        text = WIDGET.replace("REPLICAS", str(number))
        (tmp_path / f"w{number}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", *arguments], standalone_mode=False)


def test_objects_are_judged(folder: Path) -> None:
    found = run("crd-validate", str(folder / "crd.yaml"), "-r", str(folder / "w1.yaml"))
    assert found.stdout.splitlines()[0] == "invalid Widget/w: spec: Invalid value: too few"
    assert found.return_value == 1
    assert run("crd-validate", str(folder / "crd.yaml"), "-r", str(folder / "w2.yaml")).return_value == 0


def test_an_update_is_compared(folder: Path) -> None:
    found = run(
        "crd-validate",
        str(folder / "crd.yaml"),
        "-r",
        str(folder / "w1.yaml"),
        "--old",
        str(folder / "w1.yaml"),
    )
    assert found.stdout.startswith("warning Widget/w: ")
    assert found.return_value == 0


def test_machines_get_json(folder: Path) -> None:
    found = run("crd-validate", str(folder / "crd.yaml"), "-r", str(folder / "w1.yaml"), "--format", "json")
    document = json.loads(found.stdout)
    assert document["objects"][0]["errors"][0]["field"] == "spec"
    assert document["versions"][0]["rules"][0]["cost"] > 0


def test_a_definition_that_is_wrong_is_told_with_its_place(folder: Path) -> None:
    (folder / "crd.yaml").write_text(CRD.replace("RULE", "self.no > 1"), encoding="utf-8")
    found = run("crd-validate", str(folder / "crd.yaml"), "--cost")
    assert found.return_value == 2
    assert "crd.yaml:17:20: compilation failed: undefined field 'no'" in found.stderr
    assert run("crd-validate", str(folder / "no-such.yaml")).exception is not None


def test_objects_without_a_definition_are_told(folder: Path) -> None:
    (folder / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: p}", encoding="utf-8")
    found = run("crd-validate", str(folder / "crd.yaml"), "-r", str(folder / "pod.yaml"))
    assert "no definition is for Pod/p" in found.stderr


POLICY = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: p}
spec:
  evaluation: {mode: JSON}
  validations: [{expression: object.a == 1, message: m}]
"""


@pytest.mark.parametrize(("text", "code"), [('{"a": 1}', 0), ('{"a": 2}', 1), ("[1]", 2), ("", 2)])
def test_documents_that_are_no_resources_are_judged(tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "d.json").write_text(text, encoding="utf-8")
    assert run("apply", str(tmp_path / "p.yaml"), "--json", str(tmp_path / "d.json")).return_value == code


def test_tests_name_such_documents(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    for name, number in (("good", 1), ("bad", 2)):
        (tmp_path / f"{name}.json").write_text(f'{{"a": {number}}}', encoding="utf-8")
    (tmp_path / "kyverno-test.yaml").write_text(
        """
        apiVersion: cli.kyverno.io/v1alpha1
        kind: Test
        metadata: {name: t}
        policies: [p.yaml]
        jsonPayloads: [./good.json, bad.json]
        results:
          - {policy: p, resources: [good.json], result: pass, kind: ""}
          - {policy: p, resources: [bad.json], result: fail, kind: ""}
        """,
        encoding="utf-8",
    )
    found = run("test", str(tmp_path))
    assert "2 passed" in found.stdout
    assert found.return_value == 0
