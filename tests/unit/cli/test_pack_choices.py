import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from propolis.cli.root import cli, run

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  hostNetwork: true
  containers: [{name: app, image: nginx}]
"""
EVERYTHING_ALLOWED = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: all, namespace: shop}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
"""


@pytest.fixture(autouse=True)
def manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("all.yaml").write_text(f"{POD}---\n{EVERYTHING_ALLOWED}")


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)


def applied(*choices: str) -> set[str]:
    """The policies that found something."""
    result = called("policy", "apply", *choices, "-r", "all.yaml", "--format", "json")
    return {one["policy"] for one in json.loads(result.stdout)["findings"]}


def assessed(*arguments: str) -> set[str]:
    """The policies that found something in the main job."""
    result = called("assess", "--manifests", "all.yaml", "--store", "s.db", "--format", "json", *arguments)
    found = json.loads(result.stdout)["findings"]
    return {one["policy"] for one in found if one["source"] == "policy"}


def test_policies_of_the_pack_are_applied_by_name_and_by_folder() -> None:
    assert applied("pack:disallow-wildcard-roles") == {"disallow-wildcard-roles"}
    by_folder = applied("pack:access", "pack:disallow-host-namespaces")
    assert {"disallow-wildcard-roles", "restrict-secret-access", "disallow-host-namespaces"} <= by_folder


def test_assess_judges_by_the_default_policies_unless_told_otherwise() -> None:
    default = assessed()
    assert "disallow-host-namespaces" in default
    assert "disallow-wildcard-roles" not in default
    assert assessed("--builtin", "disallow-wildcard-roles") == {"disallow-wildcard-roles"}
    assert assessed("--no-builtin", "--policies", "pack:require-digest") == {"require-digest"}


def test_a_policy_that_is_chosen_twice_judges_once() -> None:
    result = called("policy", "apply", "pack:default", "pack:pin-image", "-r", "all.yaml", "--format", "json")
    found = [one for one in json.loads(result.stdout)["findings"] if one["policy"] == "pin-image"]
    assert len(found) == 1


def test_the_pack_is_listed_by_choice() -> None:
    listed = called("policy", "pack", "access").stdout
    assert "restrict-secret-access" in listed
    assert "disallow-privileged" not in listed
    assert "pod-security" in called("policy", "pack").stdout


def test_the_list_as_json_says_what_a_policy_is_for_and_what_to_do() -> None:
    (found,) = json.loads(called("policy", "pack", "pack:pin-image", "--format", "json").stdout)["policies"]
    assert (found["folder"], found["kind"], found["isDefault"]) == ("supply-chain", "ClusterPolicy", True)
    assert found["severity"] == "medium"
    assert all(found[field].endswith(".") for field in ("description", "remediation"))


def test_the_printed_policies_judge_as_the_built_in_ones_do() -> None:
    Path("access.yaml").write_text(called("policy", "pack", "access", "--format", "yaml").stdout)
    assert applied("access.yaml") == applied("pack:access") != set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("policy", "apply", "pack:no-such", "-r", "all.yaml"), "the pack has no policy 'no-such'"),
        (("assess", "--manifests", "all.yaml", "--builtin", "no-such"), "the pack has no policy 'no-such'"),
        (("policy", "pack", "no-such"), "the pack has no policy 'no-such'"),
        (("assess", "--manifests", "all.yaml", "--builtin", "all", "--no-builtin"), "exclude each other"),
    ],
)
def test_a_wrong_choice_is_a_wrong_call(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert said in capsys.readouterr().err
