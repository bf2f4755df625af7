from collections import Counter
from pathlib import PurePosixPath

import pytest

from propolis.core.errors import DocumentError
from propolis.core.finding import Outcome, Severity
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.cel.problems import wrong_expressions
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.engine.policy_set import Phase
from propolis.policy.model import Policy
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.sources import pack
from tests.unit.policy.engine.examples import NOW, pod, subject

PACK = pack.load()
DEFAULTS = pack.chosen([pack.DEFAULT])


def test_the_pack_has_every_control_of_both_levels_and_more() -> None:
    categories = Counter(policy.annotation("category") for policy in DEFAULTS)
    assert categories["Pod Security Standards (Baseline)"] == 12
    assert categories["Pod Security Standards (Restricted)"] == 6
    assert len(PACK) >= 60
    assert sum(isinstance(policy, CelPolicy) for policy in PACK) >= 12


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_every_policy_says_what_to_do(policy: AnyPolicy) -> None:
    for rule in compile_policies([policy]).rules:
        assert rule.rule.remedy
        assert rule.rule.remediation.endswith(".")
        assert rule.rule.severity is not Severity.UNKNOWN
    assert policy.annotation("severity") in {"critical", "high", "medium", "low"}
    assert policy.annotation("title")
    assert policy.annotation("category")
    assert policy.annotation("description").endswith(".")
    assert policy.annotations["propolis.dev/pack"] in {"default", "optional"}


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_every_policy_is_evaluated_whole(policy: AnyPolicy) -> None:
    if isinstance(policy, Policy):
        assert not any(map(unsupported_feature, policy.spec.rules))
    assert list(wrong_expressions(policy)) == []


def test_no_policy_refuses_before_somebody_says_so() -> None:
    for policy in PACK:
        if isinstance(policy, Policy):
            validations = [rule.validation for rule in policy.spec.rules if rule.validation is not None]
            assert {one.failure_action for one in validations} <= {"Audit"}
            assert all(rule.validation is None or rule.validation.message for rule in policy.spec.rules)
        elif policy.kind == "ValidatingPolicy":
            assert policy.spec.validation_actions == ("Audit",)  # type: ignore[union-attr]  # by the kind


def test_a_policy_is_called_as_its_file() -> None:
    assert [PurePosixPath(policy.origin.path).stem for policy in PACK] == [policy.name for policy in PACK]
    assert len({policy.name for policy in PACK}) == len(PACK)


def test_the_default_policies_are_those_that_say_so() -> None:
    said = [one.name for one in PACK if one.annotations["propolis.dev/pack"] == pack.DEFAULT]
    assert [policy.name for policy in DEFAULTS] == said


def test_the_default_policies_judge_only_and_ask_nothing_of_a_cluster() -> None:
    assert {rule.phase for rule in compile_policies(DEFAULTS).rules} == {Phase.JUDGE}
    assert not any(rule.context for one in DEFAULTS if isinstance(one, Policy) for rule in one.spec.rules)


def test_policies_are_chosen_by_folder_name_and_wildcard_each_once() -> None:
    access = pack.chosen(["access"])
    assert [policy.name for policy in access] == pack.names()["access"]
    assert [one.name for one in pack.chosen(["disallow-privileged", "disallow-privi*"])] == [
        "disallow-privilege-escalation",
        "disallow-privileged",
    ]


def test_a_choice_that_is_for_nothing_is_an_error_that_names_what_there_is() -> None:
    with pytest.raises(DocumentError, match="no policy 'disallow-privilege'") as caught:
        pack.chosen(["default", "disallow-privilege"])
    assert "access" in caught.value.expected


def test_the_content_of_a_file_is_found_by_the_path_of_its_origin() -> None:
    data = pack.content(PACK[0].origin.path)
    assert data is not None
    assert f"name: {PACK[0].name}".encode() in data
    assert pack.content("pack/no-such/file.yaml") is None
    assert pack.content("pack/../__init__.py") is None
    assert pack.content("deploy/pod.yaml") is None


def test_paths_and_choices_are_told_apart() -> None:
    assert pack.split(["a.yaml", "pack:all", "-"]) == (["all"], ["a.yaml", "-"])
    assert pack.has("disallow-privileged")
    assert not pack.has("access")


def test_no_default_policy_errs_on_a_pod_that_says_nothing() -> None:
    found = evaluate(compile_policies(DEFAULTS), subject(pod()), {}, NOW).findings
    outcomes = {finding.rule.policy: finding.outcome for finding in found}
    assert Outcome.ERROR not in outcomes.values()
    assert outcomes["disallow-privileged"] is Outcome.PASS
    assert outcomes["require-run-as-non-root"] is Outcome.FAIL
