import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from propolis.cli.policy import POLICY_COMMANDS
from propolis.cli.root import cli, run
from propolis.lang.jmespath.expression import ALL_FUNCTIONS
from propolis.policy.engine.pod_security.standard import compile_standard
from propolis.reports.render.policy_apply_table import MOST_ROWS

POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: named
spec:
  rules:
    - name: has-team
      match:
        any:
          - resources:
              kinds: [ConfigMap]
      validate:
        message: name the team
        pattern:
          metadata:
            labels:
              team: "?*"
"""

UNSUPPORTED = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: signed
spec:
  rules:
    - name: by-expression
      match:
        any:
          - resources:
              kinds: [ConfigMap]
      celPreconditions: [{name: a, expression: "true"}]
      validate:
        deny: {}
"""

RESOURCES = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: good
  labels:
    team: a|b
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: bad
"""

TEST = """\
apiVersion: cli.kyverno.io/v1alpha1
kind: Test
metadata:
  name: teams
policies: [policy.yaml, signed.yaml]
resources: [resources.yaml]
results:
  - {policy: named, rule: has-team, kind: ConfigMap, resources: [good], result: pass}
  - {policy: named, rule: has-team, kind: ConfigMap, resources: [bad], result: RESULT}
  - {policy: signed, rule: by-expression, kind: ConfigMap, resources: [good], result: error}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "signed.yaml").write_text(UNSUPPORTED)
    (tmp_path / "resources.yaml").write_text(RESOURCES)
    (tmp_path / "kyverno-test.yaml").write_text(TEST.replace("RESULT", "fail"))
    return tmp_path


def expect_of_bad(folder: Path, result: str) -> None:
    (folder / "kyverno-test.yaml").write_text(TEST.replace("RESULT", result))


@pytest.mark.parametrize("name", POLICY_COMMANDS)
def test_every_help_shows_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["policy", name, "--help"])
    assert f"propolis policy {name}" in capsys.readouterr().out.partition("Example")[2]


def test_the_group_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in POLICY_COMMANDS)
    assert run(["policy", "conquer"]) == 2


class TestTest:
    def test_what_holds_is_told_and_what_waits_is_not_passed(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "test", str(folder), "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["summary"] == {"tests": 1, "passed": 3, "failed": 0, "errors": 0, "skipped": 0}
        assert told["results"][1] == {
            "test": "teams",
            "policy": "named",
            "rule": "has-team",
            "kind": "ConfigMap",
            "resource": "default/ConfigMap/bad",
            "expected": "fail",
            "actual": "fail",
            "reason": "Ok",
            "state": "passed",
            "file": str(folder / "kyverno-test.yaml"),
        }

    def test_what_does_not_hold_exits_with_1_and_says_why(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        expect_of_bad(folder, "pass")
        assert run(["policy", "test", str(folder), "--fail-only", "--format", "json"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert told["summary"] == {"tests": 1, "passed": 2, "failed": 1, "errors": 0, "skipped": 0}
        (row,) = told["results"]
        assert "want pass, got fail" in row["reason"]

    def test_a_test_that_cannot_be_read_exits_with_2_and_the_others_run(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "below").mkdir()
        (folder / "below" / "kyverno-test.yaml").write_text("kind: Test\nresults: [")
        (folder / "more").mkdir()
        (folder / "more" / "kyverno-test.yaml").write_text(TEST)
        assert run(["policy", "test", str(folder), "--format", "json"]) == 2
        told = json.loads(capsys.readouterr().out)
        assert told["summary"] == {"tests": 3, "passed": 3, "failed": 0, "errors": 4, "skipped": 0}
        reasons = [row["reason"] for row in told["results"] if row["state"] == "error"]
        assert "kyverno-test.yaml:3:1: " in reasons[0]
        assert "policy.yaml is not there" in reasons[1]

    @pytest.mark.parametrize(
        ("selector", "resources"),
        [
            ("policy=named", ["good", "bad"]),
            ("resource=b*", ["bad"]),
            ("resource=default/good, policy=n*", ["good"]),
            ("rule=by-*", ["good"]),
            ("rule=other", []),
        ],
    )
    def test_a_selector_chooses_rows(
        self, folder: Path, selector: str, resources: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "test", str(folder), "-t", selector, "-o", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [row["resource"].rpartition("/")[2] for row in told["results"]] == resources

    @pytest.mark.parametrize("selector", ["named", "name=x", "policy=a,policy=b"])
    def test_a_wrong_selector_is_a_wrong_call(
        self, folder: Path, selector: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "test", str(folder), "-t", selector]) == 2
        assert "selects nothing" in capsys.readouterr().err

    def test_no_tests_are_an_error_where_tests_are_required(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "test", str(folder), "--file-name", "other.yaml"]) == 0
        assert run(["policy", "test", str(folder), "-f", "other.yaml", "--require-tests"]) == 2
        assert "no test is in" in capsys.readouterr().err

    def test_files_above_the_root_are_refused(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        below = folder / ".kyverno-test"
        below.mkdir()
        (below / "kyverno-test.yaml").write_text(TEST.replace("[", "[../").replace(", s", ", ../s"))
        told = ["policy", "test", str(below), "-t", "policy=nothing"]
        assert run(told) == 0
        assert run([*told, "--root", str(below)]) == 2
        assert "outside of" in capsys.readouterr().out

    def test_links_that_lead_away_are_refused(
        self, folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        away = tmp_path_factory.mktemp("away") / "resources.yaml"
        away.write_text(RESOURCES)
        (folder / "resources.yaml").unlink()
        (folder / "resources.yaml").symlink_to(away)
        assert run(["policy", "test", str(folder), "--root", str(folder), "-o", "json"]) == 2
        assert "is outside of" in capsys.readouterr().out

    def test_a_name_that_is_no_path_is_an_error_of_its_test(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "kyverno-test.yaml").write_text('kind: Test\nresources: ["a\\0b"]\n')
        assert run(["policy", "test", str(folder), "-o", "json"]) == 2
        assert "is no path" in capsys.readouterr().out

    def test_junit_has_a_case_for_each_row(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        expect_of_bad(folder, "skip")
        assert run(["policy", "test", str(folder), "--format", "junit"]) == 1
        (suite,) = ET.fromstring(capsys.readouterr().out)  # noqa: S314  # our own output
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "0")
        assert [[child.tag for child in case] for case in suite] == [[], ["failure"], []]

    def test_markdown_and_the_table_show_every_row(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "test", str(folder), "--format", "markdown"]) == 0
        shown = capsys.readouterr().out
        assert "| teams | named | has-team | default/ConfigMap/bad | passed | Ok |" in shown
        assert run(["policy", "test", str(folder)]) == 0
        assert "1 tests: 3 passed" in capsys.readouterr().out


class TestLint:
    def test_an_error_has_file_line_and_column(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "policy.yaml").write_text(POLICY.replace("pattern:", "patern:"))
        assert run(["policy", "lint", str(folder / "policy.yaml"), "--format", "json"]) == 2
        told = json.loads(capsys.readouterr().out)
        assert told["summary"] == {"files": 1, "policies": 0, "errors": 1, "warnings": 0}
        (remark,) = told["remarks"]
        assert (remark["path"], remark["line"]) == (str(folder / "policy.yaml"), 14)
        assert remark["column"] == 9
        assert "patern" in remark["message"]

    def test_an_error_within_a_list_has_its_own_line(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "policy.yaml").write_text(POLICY.replace("kinds: [ConfigMap]", "kinds: ConfigMap"))
        assert run(["policy", "lint", str(folder / "policy.yaml")]) == 2
        assert "policy.yaml:11:15: spec.rules[0].match.any[0].resources.kinds: " in capsys.readouterr().out

    def test_a_feature_that_is_not_supported_is_a_warning_at_its_place(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "lint", str(folder)]) == 0
        shown = capsys.readouterr().out
        assert (
            f"warning {folder / 'signed.yaml'}:12:7: celPreconditions without validate.cel is not supported"
            in shown
        )
        assert "Policies: 2, files: 4; 0 errors, 1 warnings" in shown

    def test_the_code_of_policies_is_printed_and_remarks_go_to_the_other_stream(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = folder / "policy.yaml"
        assert run(["policy", "lint", str(path), "--dump-code"]) == 0
        printed = capsys.readouterr()
        assert printed.out.startswith(f"# policy 'named' of '{path}'\n\n# rule 0: 'has-team'\n")
        assert "\ndef make(c0, " in printed.out
        assert "# c3: 'labels'\n" in printed.out
        assert "0 errors, 0 warnings" in printed.err

    def test_a_wrong_expression_is_an_error_at_its_place(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "other.yaml"
        path.write_text(
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: other}\n"
            "spec:\n  validations:\n    - message: wrong\n      expression: object.name == 'a' &&\n"
        )
        assert run(["policy", "lint", str(path)]) == 2
        assert f"error {path}:7:7: " in capsys.readouterr().out

    def test_an_unreadable_file_does_not_stop_the_others(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "a.yaml").write_text("a: [")
        assert run(["policy", "lint", str(folder)]) == 2
        assert "Policies: 2, files: 5; 1 errors, 1 warnings" in capsys.readouterr().out

    def test_a_path_that_is_not_there_is_a_wrong_call(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["policy", "lint", "nowhere.yaml"]) == 2
        assert "no such file" in capsys.readouterr().err


class TestJp:
    def test_query_asks_a_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        told = ["policy", "jp", "query", "to_upper(metadata.name)", "-i", str(folder / "resources.yaml")]
        assert run(told) == 0
        assert capsys.readouterr().out == '"GOOD"\n'
        assert run([*told, "--unquoted"]) == 0
        assert capsys.readouterr().out == "GOOD\n"

    def test_query_asks_standard_input(self) -> None:
        result = CliRunner().invoke(
            cli, ["policy", "jp", "query", "a.b | sum(@)", "-c"], input='{"a":{"b":[1,2]}}'
        )
        assert result.output == "3\n"

    @pytest.mark.parametrize(
        ("expression", "told"),
        [
            ("a..b", "a..b"),
            ("nothing", 'Unknown key "nothing"'),
            ("conquer(@)", "conquer"),
            ("[&kind]", "no value"),
        ],
    )
    def test_a_wrong_query_is_one_line(
        self, folder: Path, expression: str, told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["policy", "jp", "query", expression, "-i", str(folder / "resources.yaml")]) == 2
        assert told in capsys.readouterr().err

    def test_parse_prints_the_tree(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["policy", "jp", "parse", "length(a)"]) == 0
        assert capsys.readouterr().out == "function_expression 'length'\n  field 'a'\n"

    @pytest.mark.parametrize("command", [("parse",), ("query", "-i", "resources.yaml")])
    def test_a_deep_expression_is_an_error(
        self, folder: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        assert run(["policy", "jp", *command, "|".join("a" * 9000)]) == 2

    def test_function_shows_arguments(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["policy", "jp", "function", "length", "to_upper"]) == 0
        assert (
            capsys.readouterr().out
            == "length(string or array or object)\nto_upper(string)  (added by Kyverno)\n"
        )
        assert run(["policy", "jp", "function", "conquer"]) == 2
        assert run(["policy", "jp", "function"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == len(ALL_FUNCTIONS)


MUTATE = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: changes
spec:
  rules:
    - name: add-team
      match:
        any:
          - resources:
              kinds: [ConfigMap]
      mutate:
        patchStrategicMerge:
          metadata:
            labels:
              +(team): "{{ team }}"
    - name: make-secret
      match:
        any:
          - resources:
              kinds: [ConfigMap]
              names: [good]
      generate:
        apiVersion: v1
        kind: Secret
        name: made
        namespace: default
        data:
          type: Opaque
"""

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: cart}\nspec: {containers: [{name: a, image: b}]}\n"


class TestApply:
    def apply(self, folder: Path, *more: str) -> int:
        policy, resources = str(folder / "policy.yaml"), str(folder / "resources.yaml")
        return run(["policy", "apply", policy, "--resource", resources, *more])

    def test_findings_by_resource_and_exit_1_on_a_failure(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.apply(folder, "--format", "json") == 1
        told = json.loads(capsys.readouterr().out)
        assert told["summary"] == {
            "policies": 1, "resources": 2, "pass": 1, "fail": 1, "warn": 0, "error": 0, "skip": 0,
        }  # fmt: skip
        found = told["findings"][1]
        assert found["resource"] == {
            "apiVersion": "v1", "kind": "ConfigMap", "namespace": "default", "name": "bad",
        }  # fmt: skip
        assert (found["policy"], found["rule"], found["outcome"]) == ("named", "has-team", "fail")
        assert found["origin"] == {"path": str(folder / "resources.yaml"), "line": 8}

    def test_the_table_lists_what_fails_and_on_demand_all(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.apply(folder) == 1
        shown = capsys.readouterr().out
        assert "default/ConfigMap/bad" in shown
        assert "default/ConfigMap/good" not in shown
        assert "Policies: 1, resources: 2; pass: 1, fail: 1" in shown
        assert self.apply(folder, "--detailed-results") == 1
        assert "default/ConfigMap/good" in capsys.readouterr().out

    def test_a_long_table_ends_and_says_so(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n"
        (folder / "resources.yaml").write_text("".join(one % number for number in range(MOST_ROWS + 3)))
        assert self.apply(folder) == 1
        assert "and 3 more rows" in capsys.readouterr().out

    def test_yaml_says_what_json_says(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.apply(folder, "--format", "json")
        as_json = json.loads(capsys.readouterr().out)
        self.apply(folder, "--format", "yaml")
        assert yaml.safe_load(capsys.readouterr().out) == as_json

    def test_sarif_junit_and_markdown_name_the_failure(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.apply(folder, "--format", "sarif")
        (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        assert result["ruleId"] == "policy/named/has-team"
        self.apply(folder, "--format", "junit")
        suites = ET.fromstring(capsys.readouterr().out)  # noqa: S314  # our own output
        assert [suite.get("failures") for suite in suites] == ["0", "1"]
        self.apply(folder, "--format", "markdown")
        assert "| default/ConfigMap/bad | named | has-team | fail |" in capsys.readouterr().out

    def test_policy_reports_have_a_report_for_each_resource(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.apply(folder, "--policy-report") == 1
        reports = yaml.safe_load(capsys.readouterr().out)["items"]
        assert sorted(report["summary"]["fail"] for report in reports) == [0, 1]

    def test_what_is_changed_and_made_is_printed_with_values(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "policy.yaml").write_text(MUTATE)
        (folder / "values.yaml").write_text("kind: Values\nglobalValues: {team: shop}\n")
        target = folder / "made.yaml"
        assert (
            self.apply(folder, "-f", str(folder / "values.yaml"), "-o", str(target), "--format", "json") == 0
        )
        told = json.loads(capsys.readouterr().out)["documents"]
        assert [(one["action"], one["rules"]) for one in told] == [
            ("generated", ["changes/make-secret"]),
            ("patched", ["changes/add-team"]),
        ]
        made, changed = yaml.safe_load_all(target.read_text())
        assert (made["kind"], made["metadata"]["name"]) == ("Secret", "made")
        assert changed["metadata"]["labels"] == {"team": "shop"}
        assert self.apply(folder, "--set", "team=cart") == 0
        assert "# patched by changes/add-team\n---\napiVersion: v1" in capsys.readouterr().out

    def test_values_are_for_their_policy_and_resource(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "policy.yaml").write_text(f"{POLICY}---\n{MUTATE}")
        (folder / "values.yaml").write_text(
            "globalValues: {team: shop}\n"
            "policies: [{name: changes, resources: [{name: bad, values: {team: cart}}]}]\n"
        )
        assert self.apply(folder, "-f", str(folder / "values.yaml"), "--format", "json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["summary"]["pass"], told["summary"]["skip"]) == (4, 1)
        changed = told["documents"][-1]["document"]
        assert (changed["metadata"]["name"], changed["metadata"]["labels"]) == ("bad", {"team": "cart"})

    def test_an_exception_lets_a_resource_off(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = folder / "exception.yaml"
        path.write_text(
            "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: off}\nspec:\n"
            "  exceptions: [{policyName: named, ruleNames: [has-team]}]\n"
            "  match: {any: [{resources: {kinds: [ConfigMap], names: [bad]}}]}\n"
        )
        assert self.apply(folder, "--exception", str(path), "--format", "json") == 0
        assert json.loads(capsys.readouterr().out)["summary"]["skip"] == 1

    def test_a_user_is_matched(self, folder: Path) -> None:
        policy = POLICY.replace("kinds: [ConfigMap]", "kinds: [ConfigMap]\n            clusterRoles: [admin]")
        (folder / "policy.yaml").write_text(policy)
        user = folder / "user.yaml"
        user.write_text("kind: UserInfo\nclusterRoles: [admin]\nuserInfo: {username: eve}\n")
        assert self.apply(folder, "--userinfo", str(user)) == 1
        user.write_text("kind: UserInfo\nclusterRoles: [view]\nuserInfo: {username: eve}\n")
        assert self.apply(folder, "--userinfo", str(user)) == 0

    def test_failures_of_audit_are_warnings_on_demand(self, folder: Path) -> None:
        assert self.apply(folder, "--audit-warn") == 0
        assert self.apply(folder, "--audit-warn", "--warn-exit-code", "7") == 7
        enforced = POLICY.replace("message:", "failureAction: Enforce\n        message:")
        (folder / "policy.yaml").write_text(enforced)
        assert self.apply(folder, "--audit-warn", "--warn-exit-code", "7") == 1

    def test_pod_security_gives_a_finding_for_each_pod_and_control(self) -> None:
        told = ["policy", "apply", "--pss", "restricted:v1.34", "--stdin", "--format", "json"]
        result = CliRunner().invoke(cli, told, input=POD, standalone_mode=False)
        assert result.return_value == 1
        found = json.loads(result.output)["findings"]
        assert (
            len({one["rule"] for one in found})
            == len(found)
            == len(compile_standard("restricted", "v1.34").controls)
        )
        assert {one["rule"] for one in found if one["outcome"] == "fail"} == {
            "allowPrivilegeEscalation",
            "capabilities_restricted",
            "runAsNonRoot",
            "seccompProfile_restricted",
        }

    def test_a_broken_document_is_told_and_the_others_are_judged(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "resources.yaml").write_text(RESOURCES + "---\na: [\n")
        assert self.apply(folder, "--format", "json") == 2
        told = capsys.readouterr()
        assert json.loads(told.out)["summary"]["fail"] == 1
        assert "resources.yaml:1" in told.err
        assert self.apply(folder, "--continue-on-fail") == 1

    def test_what_cannot_be_evaluated_is_an_error_of_its_rule(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "policy.yaml").write_text(UNSUPPORTED)
        assert self.apply(folder, "--format", "json") == 1
        assert json.loads(capsys.readouterr().out)["summary"]["error"] == 2

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("policy.yaml",), "nothing to judge"),
            (("--resource", "resources.yaml"), "nothing to apply"),
            (("nowhere.yaml", "-r", "resources.yaml"), "no such file"),
            (("policy.yaml", "-r", "resources.yaml", "-f", "nowhere.yaml"), "nowhere.yaml"),
            (("policy.yaml", "-r", "resources.yaml", "-f", "number.yaml"), "number.yaml:1: Expected"),
            (("policy.yaml", "-r", "resources.yaml", "--set", "team"), "sets nothing"),
            (("--pss", "strict:v1.34", "-r", "resources.yaml"), "strict:v1.34 is no Pod Security level"),
            (("policy.yaml", "-r", "resources.yaml", "-p", "--format", "sarif"), "not as sarif"),
            (("-", "-r", "-"), "standard input is read once"),
        ],
    )
    def test_a_wrong_call_is_one_line(
        self,
        folder: Path,
        arguments: tuple[str, ...],
        told: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(folder)
        (folder / "number.yaml").write_text("globalValues: 3\n")
        assert run(["policy", "apply", *arguments]) == 2
        assert told in capsys.readouterr().err


CALLING = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: calling
spec:
  rules:
    - name: few-pods
      match:
        any:
          - resources:
              kinds: [ConfigMap]
      context:
        - name: pods
          apiCall:
            urlPath: /api/v1/namespaces/{{request.namespace}}/pods
            jmesPath: items[].metadata.name
        - name: data
          imageRegistry:
            reference: registry.example/web:1
            jmesPath: configData.user
      validate:
        message: "{{ pods }} as {{ data }}"
        deny:
          conditions:
            all:
              - {key: "{{ length(pods) }}", operator: GreaterThan, value: 0}
"""

NEIGHBOUR = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default}
"""

CONTEXT = """\
apiVersion: cli.kyverno.io/v1alpha1
kind: Context
metadata: {name: world}
spec:
  resources:
    - {apiVersion: v1, kind: Pod, metadata: {name: api}}
  images:
    - {image: "registry.example/web:1", config: {user: root}}
"""


def test_apply_asks_files_what_it_would_ask_a_cluster(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "calling.yaml").write_text(CALLING)
    (folder / "pod.yaml").write_text(NEIGHBOUR)
    (folder / "context.yaml").write_text(CONTEXT)
    arguments = ["policy", "apply", str(folder / "calling.yaml"), "-r", str(folder / "resources.yaml")]
    arguments += ["-l", str(folder / "pod.yaml"), "--context-file", str(folder / "context.yaml")]
    assert run([*arguments, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    messages = {finding["message"] for finding in told["findings"]}
    assert messages == {'["web","api"] as root'}
