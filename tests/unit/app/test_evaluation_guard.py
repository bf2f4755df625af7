import signal
from collections.abc import Iterator

import pytest

from propolis.app.evaluation_guard import EvaluationGuard
from propolis.core.evaluation import OutOfTimeError, OverrunError
from tests.unit.app.test_admission import ENFORCED, response, review, rules, service

ENDLESS = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: endless}
spec:
  validationFailureAction: Enforce
  failurePolicy: FAILURE
  rules:
    - name: nested
      match: {any: [{resources: {kinds: [ConfigMap]}}]}
      validate:
        message: never
        foreach:
          - list: "items(request.object.data, 'k', 'v')"
            foreach:
              - list: "items(request.object.data, 'k', 'v')"
                deny: {conditions: {any: [{key: "{{ element.v }}", operator: Equals, value: y}]}}
"""
ENDLESS_CEL = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: counted}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations:
    - expression: object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != '')))
"""
DATA = {f"k{number}": "x" for number in range(3000)}


@pytest.fixture
def guard() -> Iterator[EvaluationGuard]:
    found = EvaluationGuard(0.05, 0.2)
    with found.installed():
        yield found


def test_nothing_ticks_once_it_is_over() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with EvaluationGuard().installed():
        assert signal.getitimer(signal.ITIMER_PROF)[1] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) == before


def spin() -> None:
    while True:
        pass


def test_what_is_quick_is_not_touched(guard: EvaluationGuard) -> None:
    assert guard.run(lambda: 5, 1.0) == 5


def test_a_rule_that_goes_on_is_stopped_and_so_is_all_of_it_in_the_end(guard: EvaluationGuard) -> None:
    with pytest.raises(OverrunError):
        guard.run(spin, 1.0)

    stopped: list[type[Exception]] = []

    def stubborn() -> None:
        while True:
            try:
                spin()
            except OverrunError as error:
                stopped.append(type(error))

    with pytest.raises(OutOfTimeError):
        guard.run(stubborn, 1.0)
    assert len(stopped) >= 2


def test_the_time_that_is_left_counts_where_it_is_less(guard: EvaluationGuard) -> None:
    with pytest.raises(OutOfTimeError):
        guard.run(spin, -1.0)


def with_data(**data: str) -> bytes:
    return review(object={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})


@pytest.mark.parametrize(("failure", "allowed"), [("Fail", False), ("Ignore", True)])
def test_a_rule_that_takes_too_long_is_an_error_of_that_rule(
    guard: EvaluationGuard, failure: str, *, allowed: bool
) -> None:
    judging = service(rules(ENDLESS, failure=failure))
    judging.guard = guard
    found = response(judging, "/validate", with_data(**DATA))
    assert found["allowed"] is allowed
    if not allowed:
        assert (
            "nested: the rule takes too long on this resource, and was stopped" in found["status"]["message"]
        )
    assert response(judging, "/validate", with_data(a="b"))["allowed"] is True


def test_other_rules_go_on(guard: EvaluationGuard) -> None:
    judging = service(rules(ENDLESS.replace("Enforce", "Audit"), ENFORCED))
    judging.guard = guard
    found = response(judging, "/validate/fail", with_data(**DATA))
    assert "say who" in found["status"]["message"]
    assert "nested" not in found["status"]["message"]


def test_expressions_have_a_budget_of_their_own_and_end_by_it(guard: EvaluationGuard) -> None:
    judging = service(rules(ENDLESS_CEL))
    judging.guard = guard
    found = response(judging, "/validate/fail", with_data(**DATA))
    assert "budget" in found["status"]["message"] or "too long" in found["status"]["message"]
