"""Kyverno's settings, and webhooks of single policies, on a real API server."""

import json
from pathlib import Path

from tests.harness.admission import PRIVILEGED, Admission, Document, config_map, pod, policy, until

KYVERNO = "kyverno-resource-validating-webhook-cfg"


def kyverno_settings(**data: str) -> Document:
    return config_map("kyverno", **data)


def conditioned(document: Document, *expressions: str) -> Document:
    conditions = [{"name": f"c{number}", "expression": text} for number, text in enumerate(expressions)]
    return {**document, "spec": {**document["spec"], "webhookConfiguration": {"matchConditions": conditions}}}


def webhooks(admission: Admission) -> list[Document]:
    found = admission.plane.kubectl("get", "validatingwebhookconfiguration", admission.name, "-o", "json")
    return list(json.loads(found.stdout)["webhooks"]) if found.returncode == 0 else []


def test_settings_of_a_config_map_are_in_force_soon(admission: Admission) -> None:
    settings = f"{admission.namespace}/kyverno"
    admission.start(policy("pods", admission.namespace, PRIVILEGED), more=["--settings", settings])
    until(lambda: admission.refuses(pod("a", privileged=True)))
    filters = f"[Pod,{admission.namespace},unseen-*]"
    assert admission.apply(kyverno_settings(resourceFilters=filters)).returncode == 0
    seconds = until(lambda: not admission.refuses(pod("unseen-a", privileged=True)))
    print(f"settings were in force after {seconds:.2f} s")
    assert admission.refuses(pod("a", privileged=True))
    assert admission.apply(kyverno_settings(excludeUsernames="admin")).returncode == 0
    until(lambda: not admission.refuses(pod("a", privileged=True)))
    admission.plane.kubectl("delete", "configmap", "kyverno", "-n", admission.namespace)
    until(lambda: admission.refuses(pod("unseen-a", privileged=True)))


def test_settings_are_written_into_the_webhooks(admission: Admission) -> None:
    selector = {"objectSelector": {"matchLabels": {"judged": "yes"}}}
    condition = [{"name": "not-b", "expression": "object.metadata.name != 'b'"}]
    data = {"webhooks": json.dumps(selector), "matchConditions": json.dumps(condition)}
    assert admission.apply(kyverno_settings(**data, webhookAnnotations='{"a": "b"}')).returncode == 0
    settings = f"{admission.namespace}/kyverno"
    admission.start(policy("pods", admission.namespace, PRIVILEGED), more=["--settings", settings])

    def judged(name: str, **labels: str) -> str:
        found = pod(name, privileged=True)
        found["metadata"]["labels"] = labels
        return admission.refuses(found)

    until(lambda: judged("a", judged="yes"))
    assert not judged("a", judged="no")
    assert not judged("b", judged="yes")


def test_conditions_of_a_policy_are_looked_at_by_the_api_server(admission: Admission) -> None:
    namespace = admission.namespace
    plain, own = policy("plain", namespace, PRIVILEGED), policy("own", namespace, PRIVILEGED)
    admission.start(conditioned(own, "object.metadata.name.startsWith('judged')"))
    until(lambda: admission.refuses(pod("judged-a", privileged=True)))
    assert not admission.refuses(pod("a", privileged=True))
    named = "validate.propolis.svc-fail-finegrained-own"
    assert [one["name"] for one in webhooks(admission)] == [named]
    assert named in admission.refuses(pod("judged-a", privileged=True))
    admission.write(plain)
    until(lambda: admission.refuses(pod("a", privileged=True)))


def test_a_policy_that_moves_between_webhooks_refuses_all_the_time(admission: Admission) -> None:
    shared = policy("pods", admission.namespace, PRIVILEGED)
    admission.start(shared)
    until(lambda: admission.refuses(pod("a", privileged=True)))
    for number in range(4):
        admission.write(shared if number % 2 else conditioned(shared, "true"))
        wanted = "fail" if number % 2 else "fail-finegrained-pods"
        name = f"validate.propolis.svc-{wanted}"

        def has_moved(name: str = name) -> bool:
            refused = admission.refuses(pod("a", privileged=True))
            assert refused
            return f'"{name}" denied' in refused

        until(has_moved)


def test_a_condition_that_an_api_server_would_not_take_stops_nothing_else(admission: Admission) -> None:
    namespace = admission.namespace
    wrong = conditioned(policy("wrong", namespace, {**PRIVILEGED, "match": maps()}), "object.", "params.a")
    admission.start(wrong, policy("pods", namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    assert "matchConditions[0].expression" in admission.refuses(config_map("a"))


def maps() -> Document:
    return {"any": [{"resources": {"kinds": ["ConfigMap"]}}]}


def test_kyverno_beside_it_is_told_and_not_touched(admission: Admission) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    webhook = {
        "name": "validate.kyverno.svc-ignore",
        "clientConfig": {"url": "https://127.0.0.1:1/validate/ignore"},
        "rules": [rule],
        "failurePolicy": "Ignore",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"no": "namespace"}},
    }
    kind = "ValidatingWebhookConfiguration"
    document = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": KYVERNO}}
    kubectl = admission.plane.kubectl
    made = kubectl("apply", "-f", "-", stdin=json.dumps({**document, "webhooks": [webhook]}))
    assert made.returncode == 0, made.stderr
    try:
        before = kubectl("get", kind, KYVERNO, "-o", "jsonpath={.metadata.resourceVersion}").stdout
        admission.start(policy("pods", admission.namespace, PRIVILEGED))
        until(lambda: any("is enforced twice" in line for line in admission.told))
        assert sum(KYVERNO in line for line in admission.told) == 1
        assert f'propolis_other_webhooks{{kind="{kind}",name="{KYVERNO}"}} 1.0' in admission.metrics()
        assert admission.stop() == 0
        after = kubectl("get", kind, KYVERNO, "-o", "jsonpath={.metadata.resourceVersion}").stdout
        assert after == before
    finally:
        kubectl("delete", kind, KYVERNO)


ALWAYS = {
    "name": "always",
    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
    "mutate": {
        "patchStrategicMerge": {"spec": {"containers": [{"(name)": "*", "imagePullPolicy": "Always"}]}}
    },
}
SIDECAR = {
    "name": "sidecar",
    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
    "mutate": {
        "patchStrategicMerge": {
            "spec": {"containers": [{"name": "sidecar", "image": "registry.example/side:1"}]}
        }
    },
}


def test_what_a_later_webhook_adds_is_changed_too(admission: Admission, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    later = Admission(admission.plane, admission.namespace, folder)
    later.name = f"zz-{later.name}"  # API servers call webhooks by the names of their configurations
    try:
        admission.start(policy("always", admission.namespace, ALWAYS))
        later.start(policy("sidecar", admission.namespace, SIDECAR))

        def policies() -> list[str]:
            found = admission.apply(pod("a"), "--dry-run=server", "-o", "json")
            return [one["imagePullPolicy"] for one in json.loads(found.stdout)["spec"]["containers"]]

        until(lambda: len(policies()) == 2)
        until(lambda: policies() == ["Always", "Always"])
    finally:
        later.clean()
