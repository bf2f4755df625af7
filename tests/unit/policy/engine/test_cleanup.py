from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, MissingLookups
from propolis.core.finding import Outcome
from propolis.policy.engine.cleanup import compile_cleanups, evaluate_cleanup
from propolis.policy.lookups import config_map_key
from propolis.policy.model.action import Delete
from propolis.policy.model.cleanup import parse_cleanup_policy
from propolis.policy.model.global_context import parse_global_context_entry
from tests.unit.policy.engine.examples import NOW, pod, subject

PODS = {"any": [{"resources": {"kinds": ["Pod"]}}]}
OLD = {"all": [{"key": "{{ target.spec.old || 'no' }}", "operator": "Equals", "value": "yes"}]}


def document(namespace: str = "", **spec: Any) -> dict[str, Any]:
    kind = "CleanupPolicy" if namespace else "ClusterCleanupPolicy"
    metadata = {"name": "c", "namespace": namespace}
    return {
        "apiVersion": "kyverno.io/v2",
        "kind": kind,
        "metadata": metadata,
        "spec": {"schedule": "0 4 * * *", "match": PODS, **spec},
    }


def deletions(policy: dict[str, Any], resource: dict[str, Any], lookups: Any = None) -> list[Delete]:
    rules = compile_cleanups([parse_cleanup_policy(policy)])
    evaluation = evaluate_cleanup(rules, subject(resource).resource, lookups or {}, NOW)
    assert not evaluation.findings
    return [action for action in evaluation.actions if isinstance(action, Delete)]


def test_a_resource_whose_conditions_hold_goes_at_the_next_time() -> None:
    policy = document(conditions=OLD, deletionPropagationPolicy="Orphan")
    (action,) = deletions(policy, pod(old="yes"))
    assert (str(action.resource), action.rules, action.propagation) == ("shop/Pod/web", ("c",), "Orphan")
    assert action.at == NOW.replace(hour=4, minute=0, second=0)
    assert deletions(policy, pod()) == []


def test_a_namespaced_policy_deletes_in_its_namespace_alone() -> None:
    assert len(deletions(document("shop"), pod())) == 1
    assert deletions(document("other"), pod()) == []


def test_what_is_excluded_stays() -> None:
    exclude = {"any": [{"resources": {"names": ["w*"]}}]}
    assert deletions(document(exclude=exclude), pod()) == []


def test_context_entries_are_asked_for() -> None:
    condition = {"all": [{"key": "{{ limits.data.on }}", "operator": "Equals", "value": "true"}]}
    entries = [{"name": "limits", "configMap": {"name": "limits", "namespace": "shop"}}]
    policy = document(context=entries, conditions=condition)
    key = config_map_key("shop", "limits")
    with pytest.raises(MissingLookups):
        deletions(policy, pod())
    assert len(deletions(policy, pod(), {key: Answer({"data": {"on": "true"}})})) == 1


def test_conditions_that_cannot_be_evaluated_are_an_error() -> None:
    condition = {"all": [{"key": "{{ target.nothing }}", "operator": "Equals", "value": "x"}]}
    rules = compile_cleanups([parse_cleanup_policy(document(conditions=condition))])
    evaluation = evaluate_cleanup(rules, subject(pod()).resource, {}, NOW)
    assert [finding.outcome for finding in evaluation.findings] == [Outcome.ERROR]
    assert not evaluation.actions


@pytest.mark.parametrize(
    ("change", "message"),
    [({"schedule": "soon"}, "spec.schedule"), ({"when": 1}, "unknown field"), ({"match": 1}, "Expected")],
)
def test_a_wrong_cleanup_policy_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_cleanup_policy(document(**change))


ENTRY = {"apiVersion": "kyverno.io/v2beta1", "kind": "GlobalContextEntry", "metadata": {"name": "g"}}


def test_a_global_context_entry_has_one_source() -> None:
    pods = {"version": "v1", "resource": "pods", "namespace": "shop"}
    projections = [{"name": "names", "jmesPath": "[].metadata.name"}]
    entry = parse_global_context_entry(
        {**ENTRY, "spec": {"kubernetesResource": pods, "projections": projections}}
    )
    assert entry.spec.kubernetes_resource is not None
    assert entry.spec.kubernetes_resource.resource == "pods"
    for spec in (
        {},
        {"kubernetesResource": pods, "apiCall": {"urlPath": "/x", "refreshInterval": "1m"}},
        {"x": 1},
    ):
        with pytest.raises(DocumentError):
            parse_global_context_entry({**ENTRY, "spec": spec})
