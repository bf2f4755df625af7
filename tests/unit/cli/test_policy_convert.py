import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from propolis.cli.root import cli

POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: storefront}
spec:
  rules:
    - name: replicas
      match: {any: [{resources: {kinds: [Deployment]}}]}
      validate:
        message: Run at least two.
        pattern: {spec: {replicas: ">=2"}}
    - name: who
      match: {any: [{resources: {kinds: [Deployment]}}]}
      exclude: {any: [{clusterRoles: [cluster-admin]}]}
      validate: {message: no, deny: {}}
""".replace("message: no,", "message: never,")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", "convert", *arguments], standalone_mode=False)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def test_the_new_policies_go_to_the_output_and_reasons_beside_it(policy: Path) -> None:
    found = run(str(policy))
    (document,) = yaml.safe_load_all(found.stdout)
    assert document["kind"] == "ValidatingPolicy"
    assert document["metadata"]["name"] == "storefront-replicas"
    assert "storefront/who: refused: roles of who asks are not known to CEL" in found.stderr
    assert "1 converted, 0 differs, 0 unproved, 1 refused" in found.stderr
    assert found.return_value == 1


def test_json_tells_what_was_compared(policy: Path) -> None:
    found = json.loads(run(str(policy), "--format", "json").stdout)
    assert found["totals"] == {"converted": 1, "differs": 0, "unproved": 0, "refused": 1}
    assert found["rules"][0]["proof"]["compared"]["passed"] > 0
    assert found["rules"][1]["reason"]


def test_markdown_is_a_table(policy: Path) -> None:
    assert (
        "| storefront | replicas | pattern | converted |" in run(str(policy), "--format", "markdown").stdout
    )


def test_each_rule_is_a_file_of_the_folder(policy: Path, tmp_path: Path) -> None:
    run(str(policy), "--output", str(tmp_path / "made"))
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["storefront-replicas.yaml"]


def test_an_admission_policy_comes_with_its_binding(policy: Path) -> None:
    documents = list(yaml.safe_load_all(run(str(policy), "--to", "validatingadmissionpolicy").stdout))
    assert [one["kind"] for one in documents] == [
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    ]  # fmt: skip
    assert documents[1]["spec"]["validationActions"] == ["Audit"]


def test_a_policy_in_cel_becomes_one_of_the_api_server(policy: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.yaml"
    made.write_text(run(str(policy)).stdout)
    found = run(str(made), "--to", "validatingadmissionpolicy")
    names = [one["metadata"]["name"] for one in yaml.safe_load_all(found.stdout)]
    assert names == ["vpol-storefront-replicas", "vpol-storefront-replicas-binding"]
    assert run(str(made)).return_value == 1


def test_a_file_without_policies_is_wrong_input(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text("a: b\n")
    assert run(str(path)).exit_code != 0
