from datetime import UTC, datetime
from pathlib import Path

from propolis.policy.engine.expectation import EXCLUDED, INVALID, NOT_FOUND, Row, check
from propolis.policy.sources.test_files import load_tests

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: pin}
spec:
  rules:
  - name: tag
    match: {any: [{resources: {kinds: [Pod]}}]}
    context: [{name: allowed, configMap: {name: tags}}]
    validate:
      message: "{{ allowed.data.why }}"
      pattern: {spec: {containers: [{image: "!*:latest"}]}}
"""
RESOURCES = """\
apiVersion: v1
kind: Pod
metadata: {name: good, labels: }
spec: {containers: [{image: "x:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec: {containers: [{image: "x:latest"}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
"""
TEST = """\
apiVersion: cli.kyverno.io/v1alpha1
kind: Test
metadata: {name: t}
policies: [policy.yaml]
resources: [resources.yaml]
values: {policies: [{name: pin, rules: [{name: tag, values: {allowed.data.why: because}}]}]}
results:
"""


def rows(folder: Path, results: str, policy: str = POLICY, head: str = TEST) -> list[Row]:
    (folder / "policy.yaml").write_text(policy)
    (folder / "resources.yaml").write_text(RESOURCES)
    (folder / "kyverno-test.yaml").write_text(head + results)
    return [row for test in load_tests(folder) for row in check(test, NOW)]


def test_a_test_passes_when_every_row_is_as_expected(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        "- {policy: pin, rule: tag, resources: [good], result: pass, kind: Pod}\n"
        "- {policy: pin, rule: tag, resources: [shop/bad], result: fail, kind: Pod}\n"
        "- {policy: pin, rule: tag, resources: [other], result: fail, kind: Service}\n",
    )
    assert [(row.resource, row.actual, row.is_passed) for row in found] == [
        ("default/Pod/good", "pass", True),
        ("shop/Pod/bad", "fail", True),
        ("default/Service/other", "", True),
    ]
    assert found[2].reason == EXCLUDED


def test_a_row_that_differs_says_what_came_instead(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "- {policy: pin, rule: tag, resources: [bad], result: pass}\n")
    assert not row.is_passed
    assert row.reason.startswith("want pass, got fail: validation error: because. rule tag failed at path")


def test_names_that_are_nowhere_stand_for_all_resources(tmp_path: Path) -> None:
    assert len(rows(tmp_path, "- {policy: pin, resources: [nobody], result: pass}\n")) == 3


def test_a_policy_that_is_not_there_fails_and_one_that_is_invalid_does_not(tmp_path: Path) -> None:
    missing = rows(tmp_path, "- {policy: nothing, resources: [good], result: pass}\n")
    assert [(row.reason, row.is_passed) for row in missing] == [(NOT_FOUND, False)]
    broken = POLICY.replace("validate:", "validated:")
    invalid = rows(tmp_path, "- {policy: pin, resources: [good], result: pass}\n", broken)
    assert [(row.reason, row.is_passed) for row in invalid] == [(INVALID, True)]


def test_an_operation_is_evaluated_for_itself(tmp_path: Path) -> None:
    policy = POLICY.replace("kinds: [Pod]", "kinds: [Pod], operations: [DELETE]").replace(
        'pattern: {spec: {containers: [{image: "!*:latest"}]}}', "deny: {}"
    )
    found = rows(
        tmp_path,
        "- {policy: pin, resources: [good], result: fail, operation: DELETE}\n"
        "- {policy: pin, resources: [good], result: fail}\n",
        policy,
    )
    assert [(row.actual, row.reason) for row in found] == [("fail", "Ok"), ("", EXCLUDED)]


def test_a_file_outside_of_the_root_is_not_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.yaml").write_text(POLICY)
    head = TEST.replace("[policy.yaml]", "[../secret.yaml]")
    (row,) = rows(inner, "- {policy: pin, result: pass}\n", head=head)
    assert "secret.yaml is outside of" in row.reason


def test_a_damaged_test_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "kyverno-test.yaml").write_text("{")
    (tmp_path / "b").mkdir()
    assert rows(tmp_path / "b", "- {policy: pin, resources: [good], result: pass}\n")[0].is_passed
    tests = load_tests(tmp_path)
    assert [bool(test.errors) for test in tests] == [True, False]
