import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from propolis.cli.root import cli

POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: storefront
spec:
  rules:
    - name: replicas
      match:
        any:
          - resources:
              kinds: [Deployment]
      validate:
        message: Run at least two.
        pattern:
          spec:
            replicas: ">=2"
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  replicas: {replicas}
---
"""

TEST = """\
apiVersion: cli.kyverno.io/v1alpha1
kind: Test
metadata: {name: storefront}
policies: [policy.yaml]
resources: [resources.yaml]
results:
  - {policy: storefront, rule: replicas, kind: Deployment, resources: [three], result: pass}
  - {policy: storefront, rule: replicas, kind: Deployment, resources: [one], result: fail}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "kyverno-test.yaml").write_text(TEST)
    resources = DEPLOYMENT.format(name="three", replicas=3) + DEPLOYMENT.format(name="one", replicas=1)
    (folder / "resources.yaml").write_text(resources)
    return folder


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", "coverage", *arguments], standalone_mode=False)


def document(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.mark.usefixtures("files")
def test_the_table_tells_numbers_and_the_example_that_a_test_should_have() -> None:
    result = called("policies")
    assert result.return_value == 0
    assert "16:13  replicas: '>=2' becomes '>2'" in result.stdout
    assert "with replace /spec/replicas = 2: pass, the mutant says fail" in result.stdout
    assert "Covered: 75.0 %; rules 1/1, branches 2/2, mutants killed 0/1" in result.stdout


def test_a_test_like_the_example_kills_the_mutant(files: Path) -> None:
    resources = files / "resources.yaml"
    resources.write_text(resources.read_text() + DEPLOYMENT.format(name="two", replicas=2))
    test = files / "kyverno-test.yaml"
    row = "  - {policy: storefront, rule: replicas, kind: Deployment, resources: [two], result: pass}\n"
    test.write_text(test.read_text() + row)
    assert document(called("policies", "--format", "json"))["summary"]["percent"] == 100


@pytest.mark.usefixtures("files")
def test_json_has_survivors_with_place_and_example() -> None:
    (policy,) = document(called("policies", "--format", "json"))["policies"]
    (survivor,) = policy["survivors"]
    assert survivor["place"]["line"] == 16
    assert survivor["example"]["operations"] == [{"op": "replace", "path": "/spec/replicas", "value": 2}]


@pytest.mark.usefixtures("files")
def test_markdown_has_a_table_and_a_list() -> None:
    text = called("policies", "--format", "markdown").stdout
    assert "| storefront | 1 | 1/1 | 2/2 | 0/1 | 75 % |" in text
    assert "- 16:13 no test notices" in text


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("percent", "code"), [("75", 0), ("75.1", 1)])
def test_less_than_what_is_asked_for_fails(percent: str, code: int) -> None:
    assert called("policies", "--fail-under", percent).return_value == code


@pytest.mark.usefixtures("files")
def test_branches_alone_are_measured_without_mutants() -> None:
    assert document(called("policies", "--no-mutants", "--format", "json"))["summary"]["percent"] == 100


@pytest.mark.usefixtures("files")
def test_policies_are_chosen_by_name() -> None:
    assert document(called("policies", "--policy", "other", "--format", "json"))["policies"] == []


def test_a_test_that_does_not_hold_fails(files: Path) -> None:
    test = files / "kyverno-test.yaml"
    test.write_text(test.read_text().replace("result: fail", "result: pass"))
    result = called("policies")
    assert result.return_value == 1
    assert "1 rows of the tests do not hold" in result.stdout


def test_a_test_that_cannot_be_read_is_wrong_input(files: Path) -> None:
    test = files / "kyverno-test.yaml"
    test.write_text(test.read_text().replace("policy.yaml", "nowhere.yaml"))
    result = called("policies")
    assert result.return_value == 2
    assert "nowhere.yaml" in result.stderr


CEL_POLICY = """\
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: cel-replicas
spec:
  matchConstraints:
    resourceRules:
      - apiGroups: [apps]
        apiVersions: [v1]
        resources: [deployments]
        operations: [CREATE]
  matchConditions:
    - name: in-shop
      expression: object.metadata.namespace == 'shop'
  validations:
    - expression: object.spec.replicas >= 2
"""


def test_a_policy_in_cel_is_measured_beside_the_others(files: Path) -> None:
    (files / "cel.yaml").write_text(CEL_POLICY)
    test = TEST.replace("[policy.yaml]", "[policy.yaml, cel.yaml]")
    (files / "kyverno-test.yaml").write_text(
        f"{test}  - {{policy: cel-replicas, kind: Deployment, resources: [three], result: pass}}\n"
    )
    result = called("policies", "--no-mutants")
    assert result.return_value == 0
    assert "14:7  cel-replicas: condition in-shop - skipped" in result.stdout
    assert "16:7  cel-replicas: expression object.spec.replicas >= 2 - not met" in result.stdout
    assert "rules 2/2, branches 4/6" in result.stdout


@pytest.mark.usefixtures("files")
def test_where_no_test_is_nothing_is_covered() -> None:
    Path("empty").mkdir()
    assert document(called("empty", "--format", "json"))["summary"]["percent"] == 0
    assert called("empty", "--fail-under", "1").return_value == 1
