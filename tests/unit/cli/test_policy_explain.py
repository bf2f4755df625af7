import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from propolis.app import policy_explain
from propolis.cli.root import cli

POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: storefront
spec:
  rules:
    - name: pinned
      match:
        any:
          - resources:
              kinds: [Pod]
      validate:
        message: Pin images.
        pattern:
          spec:
            containers:
              - image: "!*:latest"
    - name: owned
      match:
        any:
          - resources:
              kinds: [Pod]
      validate:
        message: Name the team.
        pattern:
          metadata:
            labels:
              team: "{{ wanted }}"
"""

RESOURCE = """\
apiVersion: v1
kind: Pod
metadata:
  name: cart
  namespace: shop
spec:
  containers:
    - name: cart
      image: cart:latest
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(POLICY)
    Path("pod.yaml").write_text(RESOURCE)
    return tmp_path


def called(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["policy", "explain", *arguments], input=text, standalone_mode=False)


def code(result: Result) -> object:
    return result.return_value


def document(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.mark.usefixtures("files")
def test_the_tree_tells_what_departs_its_line_and_a_change_that_passes() -> None:
    result = called("policy.yaml", "pod.yaml", "--set", "wanted=shop")
    assert code(result) == 1
    assert "fail storefront/pinned  validate.pattern  policy.yaml:7:7" in result.stdout
    assert '✗ image: "!*:latest"  found "cart:latest" at 9:7  17:17' in result.stdout
    assert '-     image: "cart:latest"' in result.stdout
    assert "+     team: shop" in result.stdout
    assert "Not for this resource" in result.stdout


@pytest.mark.usefixtures("files")
def test_all_rules_that_fail_get_one_change_that_passes_them_all() -> None:
    result = called("policy.yaml", "pod.yaml", "--set", "wanted=shop", "--format", "json")
    together = document(result)["resources"][0]["together"]
    Path("mended.yaml").write_text(yaml.safe_dump(together["document"]))
    assert code(called("policy.yaml", "mended.yaml", "--set", "wanted=shop")) == 0


@pytest.mark.usefixtures("files")
def test_json_has_every_node_with_its_place() -> None:
    rule = document(called("policy.yaml", "pod.yaml", "--rule", "pinned", "--format", "json"))["resources"][0]
    explained = rule["rules"][0]
    assert [explained[key] for key in ("policy", "rule", "outcome", "traced")] == [
        "storefront", "pinned", "fail", "fail",
    ]  # fmt: skip
    assert explained["place"] == {"path": "policy.yaml", "line": 7, "column": 7}
    assert explained["advice"]["operations"][0]["path"] == "/spec/containers/0/image"


@pytest.mark.usefixtures("files")
def test_markdown_has_a_section_a_rule_and_a_fenced_change() -> None:
    result = called("policy.yaml", "pod.yaml", "--rule", "pinned", "--format", "markdown")
    assert "### storefront/pinned: fail" in result.stdout
    assert "```diff\n" in result.stdout


@pytest.mark.usefixtures("files")
def test_a_rule_is_chosen_by_name_and_its_generated_ones_go_with_it() -> None:
    rules = document(called("policy.yaml", "pod.yaml", "--rule", "pinned", "--format", "json"))["resources"][
        0
    ]
    names = [rule["rule"] for rule in rules["rules"]]
    assert names == ["pinned", "autogen-pinned", "autogen-cronjob-pinned"]


@pytest.mark.usefixtures("files")
def test_standard_input_is_read_and_its_lines_are_told() -> None:
    result = called("policy.yaml", "-", "--rule", "pinned", text=RESOURCE)
    assert "at 9:7" in result.stdout


@pytest.mark.usefixtures("files")
def test_built_in_policies_are_named_by_their_name() -> None:
    result = called("disallow-privileged", "pod.yaml")
    assert code(result) == 0
    assert "pass disallow-privileged/disallow-privileged" in result.stdout
    told = called("disallow-privileged", "pod.yaml", "--format", "json").stdout
    assert '"path": "pack/pod-security/disallow-privileged.yaml"' in told


@pytest.mark.usefixtures("files")
def test_no_change_is_looked_for_where_nobody_wants_one() -> None:
    assert "smallest change" not in called("policy.yaml", "pod.yaml", "--no-patch").stdout


@pytest.mark.usefixtures("files")
def test_the_detailed_tree_tells_what_is_met_and_what_does_not_match() -> None:
    result = called("policy.yaml", "pod.yaml", "--detailed", "--rule", "pinned")
    assert "kinds Pod  found v1/Pod" in result.stdout
    assert "no match storefront/autogen-pinned" in result.stdout


@pytest.mark.usefixtures("files")
def test_an_exception_is_told_with_its_file() -> None:
    exception = {
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": "e", "namespace": "shop"},
        "spec": {
            "exceptions": [{"policyName": "storefront", "ruleNames": ["*"]}],
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        },
    }
    Path("exception.yaml").write_text(yaml.safe_dump(exception))
    result = called("policy.yaml", "pod.yaml", "-e", "exception.yaml")
    assert code(result) == 0
    assert "exception shop/e  lets the resource off" in result.stdout


@pytest.mark.usefixtures("files")
def test_an_operation_is_explained_as_asked() -> None:
    rules = document(called("policy.yaml", "pod.yaml", "--operation", "DELETE", "--format", "json"))
    assert rules["resources"][0]["rules"][0]["outcome"] == "nothing"


@pytest.mark.usefixtures("files")
def test_what_cannot_be_read_is_wrong_input() -> None:
    Path("bad.yaml").write_text("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: x}\n")
    result = called("bad.yaml", "pod.yaml")
    assert code(result) == 2
    assert "bad.yaml" in result.stderr


@pytest.mark.usefixtures("files")
def test_what_steers_a_terminal_is_not_printed() -> None:
    Path("pod.yaml").write_text(RESOURCE.replace("cart:latest", '"x\\e[31m:latest"'))
    assert "\x1b" not in called("policy.yaml", "pod.yaml", "--detailed").stdout


@pytest.mark.usefixtures("files")
def test_more_resources_than_people_read_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_explain, "MOST_RESOURCES", 1)
    Path("pod.yaml").write_text(RESOURCE + "---\n" + RESOURCE.replace("name: cart\n  n", "name: two\n  n"))
    result = called("policy.yaml", "pod.yaml", "--no-patch")
    assert "1 resources are left out" in result.stderr
