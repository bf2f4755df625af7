"""Admission on a real API server."""

import contextlib
import json
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.harness.admission import PRIVILEGED, PROPOLIS, Admission, config_map, pod, policy, until
from tests.harness.control_plane import ControlPlane

LABEL = {
    "name": "team",
    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
    "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"+(team)": "{{request.namespace}}"}}}},
}
BY_NAMESPACE = {
    "name": "open",
    "match": {"any": [{"resources": {"kinds": ["ConfigMap"]}}]},
    "context": [
        {"name": "rules", "configMap": {"name": "rules", "namespace": "{{request.namespace}}"}},
    ],
    "validate": {
        "message": "closed",
        "deny": {
            "conditions": {"any": [{"key": "{{rules.data.open}}", "operator": "NotEquals", "value": "yes"}]}
        },
    },
}
EXEC = {
    "name": "no-exec",
    "match": {"any": [{"resources": {"kinds": ["Pod/exec"], "operations": ["CONNECT"]}}]},
    "validate": {"message": "nobody gets in", "deny": {}},
}
BY_EXPRESSION = {
    "apiVersion": "policies.kyverno.io/v1",
    "kind": "ValidatingPolicy",
    "metadata": {"name": "few-replicas"},
    "spec": {
        "validationActions": ["Deny"],
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["deployments"],
                }
            ]
        },
        "validations": [{"expression": "object.spec.replicas <= 3", "message": "at most three"}],
    },
}


BY_ROLE = {
    "name": "for-editors",
    "match": {"any": [{"resources": {"kinds": ["Secret"]}}]},
    "exclude": {"any": [{"roles": ["NAMESPACE:editor"]}, {"clusterRoles": ["PROPOLIS"]}]},
    "validate": {"message": "only editors", "deny": {}},
}


def test_a_privileged_pod_is_denied_with_the_message_of_the_policy(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    refused = admission.refuses(pod("a", privileged=True))
    assert 'admission webhook "validate.propolis.svc-fail" denied the request' in refused
    assert f"resource Pod/{admission.namespace}/a was blocked due to the following policies" in refused
    assert "Privileged containers: never." in refused
    assert admission.apply(pod("a")).returncode == 0


def test_an_object_is_changed_before_it_is_stored(admission: Admission) -> None:
    admission.start(policy("labels", admission.namespace, LABEL))

    def labels() -> dict[str, str]:
        found = admission.apply(pod("a"), "--dry-run=server", "-o", "json")
        return dict(json.loads(found.stdout)["metadata"].get("labels") or {})

    until(labels)
    assert labels() == {"team": admission.namespace}


def test_a_change_of_a_policy_is_in_force_soon(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    admission.write(policy("pods", admission.namespace, PRIVILEGED, action="Audit"))
    seconds = until(lambda: not admission.refuses(pod("a", privileged=True)))
    print(f"a change of a policy was in force after {seconds:.2f} s")


def test_policies_that_cannot_be_read_leave_those_in_force(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    broken = policy("pods", admission.namespace, {**PRIVILEGED, "validate": {"pattern": 1, "deny": {}}})
    admission.write(broken, policy("maps", admission.namespace, BY_NAMESPACE))
    admission.write(policy("pods", admission.namespace, PRIVILEGED), {"kind": "ClusterPolicy", **NONSENSE})
    assert all(admission.refuses(pod("a", privileged=True)) for _ in range(5))


NONSENSE = {"apiVersion": "kyverno.io/v1", "metadata": {"name": "x"}, "spec": {"rules": 5}}


def test_a_rule_asks_the_cluster_while_the_request_waits(admission: Admission) -> None:
    assert admission.apply(config_map("rules", open="no")).returncode == 0
    admission.start(policy("maps", admission.namespace, BY_NAMESPACE))
    until(lambda: "closed" in admission.refuses(config_map("a")))
    admission.plane.kubectl(
        "delete", "validatingwebhookconfiguration", admission.name
    )  # as only an administrator may
    until(lambda: not admission.refuses(config_map("rules", open="yes")))
    assert admission.apply(config_map("rules", open="yes")).returncode == 0


def test_a_subresource_is_judged_as_policies_name_it(admission: Admission) -> None:
    admission.start(policy("exec", admission.namespace, EXEC))
    assert admission.apply(pod("a")).returncode == 0
    run = ("exec", "-n", admission.namespace, "a", "--", "true")
    until(lambda: "nobody gets in" in admission.plane.kubectl(*run).stderr)


def test_roles_of_the_user_are_known_as_soon_as_they_are_bound(admission: Admission) -> None:
    rule = json.loads(json.dumps(BY_ROLE).replace("NAMESPACE", admission.namespace))
    admission.start(policy("secrets", admission.namespace, rule))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    until(lambda: "only editors" in admission.refuses(secret))
    bind = ("create", "rolebinding", "edit", "--role=editor", "--user=admin", "-n", admission.namespace)
    assert admission.plane.kubectl(*bind).returncode == 0
    until(lambda: not admission.refuses(secret))


def test_policies_in_cel_decide(admission: Admission) -> None:
    admission.start(BY_EXPRESSION)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod("a")["spec"]}
    spec = {"replicas": 4, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}
    until(lambda: "at most three" in admission.refuses(deployment))
    spec["replicas"] = 3
    assert not admission.refuses(deployment)


@pytest.mark.usefixtures("policy_kinds")
def test_a_policy_that_is_wrong_is_refused_with_what_lint_says_of_it(admission: Admission) -> None:
    admission.start(from_cluster=True)
    wrong = policy(
        "pods", admission.namespace, {**PRIVILEGED, "validate": {"message": "{{ who }}", "deny": {}}}
    )
    until(lambda: admission.refuses(wrong))
    refused = admission.refuses(wrong)
    assert (
        'admission webhook "policies.propolis.svc" denied the request: ClusterPolicy pods cannot' in refused
    )
    assert "spec.rules[0].validate.message: " in refused
    expression = json.loads(json.dumps(BY_EXPRESSION))
    expression["spec"]["validations"][0]["expression"] = "object.spec.replicas <"
    assert "spec.validations[0].expression: " in admission.refuses(expression)
    assert admission.apply(policy("pods", admission.namespace, PRIVILEGED)).returncode == 0
    assert admission.stop() == 0
    found = admission.plane.kubectl("get", "validatingwebhookconfigurations", "-o", "name").stdout
    assert admission.name not in found


def test_a_server_that_leaves_takes_its_webhooks_back(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    assert admission.stop() == 0
    assert admission.plane.kubectl("get", "validatingwebhookconfiguration", admission.name).returncode != 0
    assert not admission.refuses(pod("a", privileged=True))


def test_nothing_is_let_in_while_a_server_is_dead_and_it_comes_back(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    admission.kill()
    assert "failed calling webhook" in admission.refuses(pod("a"))
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: not admission.refuses(pod("a")))
    assert "never" in admission.refuses(pod("a", privileged=True))


def test_the_api_server_may_start_again(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    admission.plane.stop("kube-apiserver")
    admission.plane.start_api_server()
    until(lambda: "never" in admission.refuses(pod("a", privileged=True)))
    assert not admission.refuses(pod("a"))


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{" * 1000, 400), (b'{"request": 1}', 400), (b"x" * (17 * 1024 * 1024), 413)],
    ids=["empty", "nested", "no request", "oversized"],
)
def test_bad_reviews_are_answered_and_the_server_goes_on(
    admission: Admission, body: bytes, status: int
) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    trust = ssl.create_default_context(cafile=str(admission.folder.parent / "ca" / "ca.crt"))
    request = urllib.request.Request(f"{admission.address}/validate/fail", data=body, method="POST")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, context=trust)
    with contextlib.closing(error.value):
        assert error.value.code == status
    with urllib.request.urlopen(f"{admission.address}/health/readiness", context=trust) as answer:
        assert answer.status == 200


def test_what_is_there_is_judged_by_the_same_policies(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    made = control_plane.kubectl(
        "apply", "-n", namespace, "-f", "-", "--validate=false", stdin=json.dumps(pod("a", privileged=True))
    )
    assert made.returncode == 0, made.stderr
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(policy("pods", namespace, PRIVILEGED)))
    command = [str(PROPOLIS), "policy", "apply", str(file), "--cluster", "--kubeconfig"]
    command += [str(control_plane.kubeconfig), "--namespace", namespace]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert found.returncode == 1, found.stderr
    assert "no-privileged" in found.stdout


@pytest.mark.usefixtures("policy_kinds")
def test_policies_that_are_objects_are_in_force_as_soon_as_they_are_applied(admission: Admission) -> None:
    document = policy("pods", admission.namespace, PRIVILEGED)
    kubectl = admission.plane.kubectl
    assert kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    admission.start(from_cluster=True)
    until(lambda: admission.refuses(pod("a", privileged=True)))
    document["spec"]["validationFailureAction"] = "Audit"
    assert kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    seconds = until(lambda: not admission.refuses(pod("a", privileged=True)))
    print(f"a policy that was applied was in force after {seconds:.2f} s")
    assert kubectl("apply", "-f", "-", stdin=json.dumps(BY_EXPRESSION)).returncode == 0
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod("a")["spec"]}
    spec = {"replicas": 4, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}
    until(lambda: "at most three" in admission.refuses(deployment))
    assert kubectl("delete", "validatingpolicy", "few-replicas").returncode == 0
    until(lambda: not admission.refuses(deployment))


@pytest.mark.usefixtures("policy_kinds")
def test_a_change_is_seen_after_the_api_server_was_away(admission: Admission) -> None:
    document = policy("pods", admission.namespace, PRIVILEGED)
    kubectl = admission.plane.kubectl
    assert kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    admission.start(from_cluster=True)
    until(lambda: admission.refuses(pod("a", privileged=True)))
    admission.plane.stop("kube-apiserver")
    admission.plane.start_api_server()
    assert kubectl("delete", "clusterpolicy", "pods").returncode == 0
    until(lambda: not admission.refuses(pod("a", privileged=True)))


def test_a_cluster_that_was_stopped_whole_starts_again_whatever_policies_say(admission: Admission) -> None:
    everything = {
        "name": "nothing",
        "match": {"any": [{"resources": {"kinds": ["*"]}}]},
        "validate": {"message": "nothing gets in", "deny": {}},
    }
    admission.start(policy("all", admission.namespace, everything))
    until(lambda: "nothing gets in" in admission.refuses(config_map("a")))
    admission.kill()
    admission.plane.stop("kube-apiserver")
    admission.plane.start_api_server()
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "leader"},
        "spec": {"holderIdentity": "a"},
    }
    until(lambda: admission.apply(lease).returncode == 0)
    account = ("create", "token", "default", "-n", admission.namespace)
    until(lambda: admission.plane.kubectl(*account).returncode == 0)
    assert "failed calling webhook" in admission.refuses(config_map("a"))
    admission.start(policy("all", admission.namespace, everything))
    until(lambda: "nothing gets in" in admission.refuses(config_map("a")))


def test_requests_of_the_past_tell_whom_a_policy_would_refuse(admission: Admission) -> None:
    audit = policy("pods", admission.namespace, PRIVILEGED, LABEL, action="Audit")
    admission.start(audit)

    def is_labelled() -> bool:
        return "team" in admission.apply(pod("probe"), "--dry-run=server", "-o", "yaml").stdout

    until(is_labelled)
    assert admission.apply(pod("bad", privileged=True)).returncode == 0
    assert admission.apply(pod("good")).returncode == 0
    admission.stop()
    found = admission.replayed(audit)
    made = [one for one in found["requests"] if not one["dryRun"]]
    assert [(one["change"], one["user"], one["operation"]) for one in made] == [
        ("newly refused", "admin", "CREATE"),
    ]
    assert made[0]["resource"] == f"Pod {admission.namespace}/bad"
    assert "Privileged containers: never." in made[0]["message"]
    assert made[0]["place"]["line"] == 1
    assert made[0]["then"] == {"policy": "same", "allowed": True, "outcome": "fail"}
    assert found["summary"]["changed"] == 0, "what was recorded is what came after all changes"


def test_admission_goes_on_without_its_store_and_records_later(admission: Admission) -> None:
    admission.store.parent.write_text("no folder")
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: admission.refuses(pod("a", privileged=True)))
    assert admission.apply(pod("a")).returncode == 0
    assert not admission.store.exists()
    admission.store.parent.unlink()
    every = policy("pods", admission.namespace, PRIVILEGED)
    seconds = until(lambda: admission.replayed(every)["summary"]["requests"] >= 2)
    print(f"decisions were recorded {seconds:.1f} s after the store was there")
