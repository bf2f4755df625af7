from collections.abc import Sequence

from propolis.app.compiled_policies import CompiledPolicies
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.sources.documents import LoadedPolicies, read_policies
from tests.unit.app.test_admission import ASKING, CHANGING, ENFORCED, FAIL

EXCEPTION = """
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: default}
spec:
  exceptions: [{policyName: team, ruleNames: [named]}]
  match: {any: [{resources: {kinds: [ConfigMap]}}]}
"""


def read(*texts: str) -> LoadedPolicies:
    found = read_policies("---".join(texts).replace("FAILURE", FAIL).encode(), "policies.yaml")
    assert not found.errors
    return found


def names(
    compiled: CompiledPolicies, policies: Sequence[AnyPolicy], exceptions: Sequence[AnyException] = ()
) -> list[tuple[str, int]]:
    return [(one.rule.policy, one.policy) for one in compiled.compile(policies, exceptions).rules]


def test_rules_that_have_not_changed_are_the_same_objects_under_new_numbers() -> None:
    compiled = CompiledPolicies()
    before = {one.rule.policy: one for one in compiled.compile(read(ENFORCED, CHANGING).policies, ()).rules}
    moved = read(ASKING, CHANGING, ENFORCED).policies
    after = {one.rule.policy: one for one in compiled.compile(moved, ()).rules}
    assert {name: one.policy for name, one in after.items()} == {"quota": 0, "default-team": 1, "team": 2}
    assert after["team"].run is before["team"].run
    assert after["default-team"] is before["default-team"]


def test_a_policy_that_has_changed_is_compiled_again_and_one_that_is_gone_is_forgotten() -> None:
    compiled = CompiledPolicies()
    (before,) = compiled.compile(read(ENFORCED).policies, ()).rules
    (changed,) = compiled.compile(read(ENFORCED.replace("say who", "who")).policies, ()).rules
    assert changed.run is not before.run
    assert names(compiled, read(CHANGING).policies) == [("default-team", 0)]
    (again,) = compiled.compile(read(ENFORCED).policies, ()).rules
    assert again.run is not before.run


def test_other_exceptions_compile_everything_again() -> None:
    compiled = CompiledPolicies()
    (before,) = compiled.compile(read(ENFORCED).policies, ()).rules
    (after,) = compiled.compile(read(ENFORCED).policies, read(EXCEPTION).exceptions).rules
    assert after.run is not before.run


def test_the_set_is_that_of_the_compiler_also_for_policies_that_are_there_twice() -> None:
    policies = read(ENFORCED, CHANGING, ENFORCED).policies
    wanted = [(one.rule, one.policy, one.phase) for one in compile_policies(policies).rules]
    found = CompiledPolicies().compile(policies, ())
    assert [(one.rule, one.policy, one.phase) for one in found.rules] == wanted
