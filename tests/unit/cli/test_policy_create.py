from pathlib import Path

import pytest
import yaml

from propolis.cli.root import run

POLICIES = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: teams}
spec:
  rules:
    - name: has-team
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        message: name the team
        pattern: {metadata: {labels: {team: "?*"}}}
    - name: add-owner
      match: {any: [{resources: {kinds: [ConfigMap]}}]}
      mutate:
        patchStrategicMerge: {metadata: {labels: {+(owner): nobody}}}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: named}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
  validations:
    - {expression: "object.metadata.name != 'bad'", message: not so}
"""

RESOURCES = """\
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: shop, labels: {team: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies.yaml").write_text(POLICIES)
    (tmp_path / "resources.yaml").write_text(RESOURCES)
    return tmp_path


def create(folder: Path, *arguments: str) -> int:
    inputs = ["-p", str(folder / "policies.yaml"), "-r", str(folder / "resources.yaml")]
    return run(["policy", "create", *arguments, *inputs])


def test_a_test_expects_what_policies_say_now_and_holds(folder: Path) -> None:
    (folder / "tests").mkdir()
    path = folder / "tests" / "kyverno-test.yaml"
    assert create(folder, "test", "-o", str(path)) == 0
    document = yaml.safe_load(path.read_text())
    assert document["policies"] == ["../policies.yaml"]
    told = {(one["policy"], one.get("rule"), one["result"]): one["resources"] for one in document["results"]}
    assert told["teams", "has-team", "fail"] == ["shop/bad"]
    assert told["named", None, "pass"] == ["shop/good"]
    assert (folder / "tests" / "patched.yaml").exists()
    assert run(["policy", "test", str(folder)]) == 0


def test_an_exception_lets_off_what_is_violated_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "exceptions.yaml"
    assert create(folder, "exception", "legacy", "-n", "shop", "-o", str(path)) == 0
    rules, cel = yaml.safe_load_all(path.read_text())
    assert rules["spec"]["exceptions"] == [{"policyName": "teams", "ruleNames": ["has-team"]}]
    assert cel["spec"]["policyRefs"] == [{"kind": "ValidatingPolicy", "name": "named"}]
    told = ["policy", "apply", str(folder / "policies.yaml"), "-r", str(folder / "resources.yaml")]
    assert run([*told, "-e", str(path)]) == 0
    assert "fail: 0" in capsys.readouterr().out


def test_an_exception_that_expires_is_for_policies_in_cel_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert create(folder, "exception", "legacy", "--expires", "2027-03-31") == 2
    assert "do not expire" in capsys.readouterr().err
    (folder / "policies.yaml").write_text(POLICIES.partition("---\n")[2])
    assert create(folder, "exception", "legacy", "--expires", "2027-03-31") == 0
    assert yaml.safe_load(capsys.readouterr().out)["spec"]["expiresAt"] is not None


def test_an_exception_may_name_rules_and_filters(capsys: pytest.CaptureFixture[str]) -> None:
    told = ["policy", "create", "exception", "old", "--policy-rules", "teams,has-team", "--any"]
    assert run([*told, "kind=Pod,name=web-*,namespace=shop"]) == 0
    spec = yaml.safe_load(capsys.readouterr().out)["spec"]
    assert spec["match"] == {
        "any": [{"resources": {"kinds": ["Pod"], "names": ["web-*"], "namespaces": ["shop"]}}]
    }
    assert run([*told, "colour=red"]) == 2
    assert run([*told[:6], "--any", "kind=Pod", "-p", "x"]) == 2


def test_values_and_users_are_what_apply_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values, user = str(folder / "values.yaml"), str(folder / "user.yaml")
    told = ["policy", "create", "values", "-g", "request.mode=dev", "-n", "shop,env=prod", "-o", values]
    assert run([*told, "--rule", "teams,has-team,a=b", "--resource", "teams,good,c=d"]) == 0
    assert run(["policy", "create", "user-info", "-u", "jane", "-g", "dev", "-c", "view", "-o", user]) == 0
    document = yaml.safe_load(Path(values).read_text())
    assert document["policies"] == [
        {
            "name": "teams",
            "rules": [{"name": "has-team", "values": {"a": "b"}}],
            "resources": [{"name": "good", "values": {"c": "d"}}],
        }
    ]
    apply = ["policy", "apply", str(folder / "policies.yaml"), "-r", str(folder / "resources.yaml")]
    assert run([*apply, "-f", values, "-u", user]) == 1
    assert run(["policy", "create", "values", "-g", "nothing"]) == 2
    assert "sets nothing" in capsys.readouterr().err


def test_what_is_not_violated_needs_no_exception(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "resources.yaml").write_text(RESOURCES.partition("---\n")[0])
    assert create(folder, "exception", "needless") == 2
    assert "violate nothing" in capsys.readouterr().err
