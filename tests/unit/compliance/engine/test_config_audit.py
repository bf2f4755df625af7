from datetime import UTC, datetime
from typing import Any

import pytest

from propolis import compliance
from propolis.compliance.lookups import answer, service_account
from propolis.compliance.model.check import ConfigEvidence
from propolis.core.evaluation import Answer, Evaluation, LookupKey, MissingLookups
from propolis.core.finding import Finding, Outcome
from propolis.core.inventory import Inventory
from propolis.core.resource import Document
from tests.unit.compliance.manifests import (
    CONTAINER,
    DEPLOYMENT,
    POD_SPEC,
    broken_container,
    broken_pod,
    changed,
    resource,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS = compliance.checks()
YES, NO = True, False
"""Values of documents."""


def audit(document: Document, lookups: dict[LookupKey, Answer] | None = None) -> Evaluation:
    return compliance.config_audit.evaluate(CHECKS, resource(document), lookups or {}, NOW)


def failures(document: Document) -> list[Finding]:
    return [finding for finding in audit(document).findings if finding.outcome is Outcome.FAIL]


def failed(document: Document) -> set[str]:
    return {finding.rule.name for finding in failures(document)}


def test_a_careful_workload_passes_every_check() -> None:
    findings = audit(DEPLOYMENT).findings
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    assert len(findings) >= 35


SECURITY = "securityContext"
BREAKS: dict[str, tuple[Document, set[str]]] = {
    "escalation allowed": (
        broken_container(f"{SECURITY}.allowPrivilegeEscalation", YES),
        {"KSV-0001"},
    ),
    "escalation not forbidden": (
        broken_container(f"{SECURITY}.allowPrivilegeEscalation", None),
        {"KSV-0001"},
    ),
    "AppArmor off": (
        broken_container(f"{SECURITY}.appArmorProfile", {"type": "Unconfined"}),
        {"KSV-0002"},
    ),
    "AppArmor off by annotation": (
        changed(
            DEPLOYMENT,
            "spec.template.metadata.annotations.container\\.apparmor\\.security\\.beta\\.kubernetes\\.io/web",
            "unconfined",
        ),
        {"KSV-0002"},
    ),
    "one capability dropped": (
        broken_container(f"{SECURITY}.capabilities.drop", ["NET_RAW"]),
        {"KSV-0003"},
    ),
    "SYS_ADMIN added": (
        broken_container(f"{SECURITY}.capabilities.add", ["SYS_ADMIN"]),
        {"KSV-0005", "KSV-0022"},
    ),
    "SYS_ADMIN added with its long name": (
        broken_container(f"{SECURITY}.capabilities.add", ["CAP_SYS_ADMIN"]),
        {"KSV-0005", "KSV-0022"},
    ),
    "all capabilities added": (
        broken_container(f"{SECURITY}.capabilities.add", ["all"]),
        {"KSV-0005", "KSV-0022", "KSV-0119", "KSV-0120"},
    ),
    "NET_RAW added": (
        broken_container(f"{SECURITY}.capabilities.add", ["NET_RAW"]),
        {"KSV-0022", "KSV-0119"},
    ),
    "SYS_MODULE added": (
        broken_container(f"{SECURITY}.capabilities.add", ["SYS_MODULE"]),
        {"KSV-0022", "KSV-0120"},
    ),
    "a harmless capability added": (
        broken_container(f"{SECURITY}.capabilities.add", ["NET_BIND_SERVICE"]),
        set(),
    ),
    "socket of Docker": (
        broken_pod("volumes[0]", {"name": "d", "hostPath": {"path": "/var/run/docker.sock"}}),
        {"KSV-0006", "KSV-0023"},
    ),
    "socket of containerd": (
        broken_pod("volumes[0]", {"name": "d", "hostPath": {"path": "/run/containerd/containerd.sock/"}}),
        {"KSV-0006", "KSV-0023"},
    ),
    "folder of the node": (
        broken_pod("volumes[0]", {"name": "d", "hostPath": {"path": "/srv/data"}}),
        {"KSV-0023"},
    ),
    "system folder of the node": (
        broken_pod("volumes[0]", {"name": "d", "hostPath": {"path": "/etc/"}}),
        {"KSV-0023", "KSV-0121"},
    ),
    "host IPC": (broken_pod("hostIPC", YES), {"KSV-0008"}),
    "host network": (broken_pod("hostNetwork", YES), {"KSV-0009"}),
    "host PID": (broken_pod("hostPID", YES), {"KSV-0010"}),
    "no CPU limit": (broken_container("resources.limits", {"memory": "1Gi"}), {"KSV-0011"}),
    "empty CPU limit": (broken_container("resources.limits.cpu", ""), {"KSV-0011"}),
    "no CPU request": (broken_container("resources.requests", {"memory": "1Gi"}), {"KSV-0015"}),
    "no memory request": (broken_container("resources.requests", {"cpu": 1}), {"KSV-0016"}),
    "no memory limit": (broken_container("resources.limits", {"cpu": 1}), {"KSV-0018"}),
    "no resources": (
        broken_container("resources", None),
        {"KSV-0011", "KSV-0015", "KSV-0016", "KSV-0018"},
    ),
    "root allowed": (broken_pod(f"{SECURITY}.runAsNonRoot", None), {"KSV-0012"}),
    "root allowed by the container": (
        broken_container(f"{SECURITY}.runAsNonRoot", NO),
        {"KSV-0012"},
    ),
    "no tag": (broken_container("image", "registry.example:5000/web"), {"KSV-0013"}),
    "tag latest": (broken_container("image", "web:latest"), {"KSV-0013"}),
    "a digest": (broken_container("image", "web@sha256:" + "a" * 64), set()),
    "writable root": (broken_container(f"{SECURITY}.readOnlyRootFilesystem", None), {"KSV-0014"}),
    "privileged": (broken_container(f"{SECURITY}.privileged", YES), {"KSV-0017"}),
    "low user id": (broken_container(f"{SECURITY}.runAsUser", 1000), {"KSV-0020"}),
    "user id zero": (broken_container(f"{SECURITY}.runAsUser", 0), {"KSV-0020", "KSV-0105"}),
    "low group id": (broken_container(f"{SECURITY}.runAsGroup", 10000), {"KSV-0021"}),
    "group id zero": (broken_container(f"{SECURITY}.runAsGroup", 0), {"KSV-0021", "KSV-0116"}),
    "volume group zero": (broken_pod(f"{SECURITY}.fsGroup", 0), {"KSV-0116"}),
    "supplementary group zero": (broken_pod(f"{SECURITY}.supplementalGroups", [4, 0]), {"KSV-0116"}),
    "host port": (broken_container("ports[0].hostPort", 80), {"KSV-0024"}),
    "host port zero": (broken_container("ports[0].hostPort", 0), set()),
    "SELinux type": (broken_pod(f"{SECURITY}.seLinuxOptions", {"type": "spc_t"}), {"KSV-0025"}),
    "SELinux role": (broken_container(f"{SECURITY}.seLinuxOptions", {"role": "sysadm_r"}), {"KSV-0025"}),
    "SELinux level": (broken_pod(f"{SECURITY}.seLinuxOptions", {"level": "s0:c1,c2"}), set()),
    "unsafe sysctl": (broken_pod(f"{SECURITY}.sysctls", [{"name": "kernel.msgmax"}]), {"KSV-0026"}),
    "safe sysctl": (broken_pod(f"{SECURITY}.sysctls", [{"name": "net.ipv4.tcp_syncookies"}]), set()),
    "unmasked /proc": (broken_container(f"{SECURITY}.procMount", "Unmasked"), {"KSV-0027"}),
    "NFS volume": (broken_pod("volumes[0]", {"name": "d", "nfs": {"server": "x"}}), {"KSV-0028"}),
    "seccomp off": (
        broken_pod(f"{SECURITY}.seccompProfile", {"type": "Unconfined"}),
        {"KSV-0030", "KSV-0104"},
    ),
    "seccomp not set": (broken_pod(f"{SECURITY}.seccompProfile", None), {"KSV-0030", "KSV-0104"}),
    "token wanted": (broken_pod("automountServiceAccountToken", YES), {"KSV-0036"}),
    "Windows host process": (
        broken_pod(f"{SECURITY}.windowsOptions", {"hostProcess": True}),
        {"KSV-0103"},
    ),
    "default namespace": (changed(DEPLOYMENT, "metadata.namespace", "default"), {"KSV-0110"}),
    "one replica": (changed(DEPLOYMENT, "spec.replicas", 1), {"PROP-0001"}),
    "replicas not set": (changed(DEPLOYMENT, "spec.replicas", None), {"PROP-0001"}),
    "stopped": (changed(DEPLOYMENT, "spec.replicas", 0), set()),
    "secret in the environment": (
        broken_container("env[0]", {"name": "DB_PASSWORD", "value": "s3cr3t-value"}),
        {"PROP-0003"},
    ),
    "secret taken from a Secret": (
        broken_container("env[0]", {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db"}}}),
        set(),
    ),
}


@pytest.mark.parametrize(("document", "expected"), BREAKS.values(), ids=BREAKS)
def test_one_change_of_a_workload_breaks_these_checks(document: Document, expected: set[str]) -> None:
    assert failed(document) == expected


def other(api_version: str, kind: str, **fields: Any) -> Document:
    metadata = {"name": "thing", "namespace": "shop"} | fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata} | fields


SNIPPET = {"nginx.ingress.kubernetes.io/server-snippet": "return 200;"}
HOST = {"host": "shop.example", "http": {"paths": []}}
TLS = [{"hosts": ["shop.example"], "secretName": "shop-tls"}]
OTHERS: dict[str, tuple[Document, set[str]]] = {
    "Service inside": (other("v1", "Service", spec={"selector": {"app": "web"}}), set()),
    "Service with external addresses": (
        other("v1", "Service", spec={"externalIPs": ["203.0.113.9"]}),
        {"KSV-0108"},
    ),
    "open load balancer": (other("v1", "Service", spec={"type": "LoadBalancer"}), {"PROP-0004"}),
    "load balancer for everybody": (
        other("v1", "Service", spec={"type": "LoadBalancer", "loadBalancerSourceRanges": ["0.0.0.0/0"]}),
        {"PROP-0004"},
    ),
    "load balancer for some": (
        other("v1", "Service", spec={"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]}),
        set(),
    ),
    "node port": (other("v1", "Service", spec={"type": "NodePort"}), {"PROP-0005"}),
    "Ingress with TLS": (
        other("networking.k8s.io/v1", "Ingress", spec={"rules": [HOST], "tls": TLS}),
        set(),
    ),
    "Ingress without TLS": (
        other("networking.k8s.io/v1", "Ingress", spec={"rules": [HOST]}),
        {"PROP-0006"},
    ),
    "Ingress for every host": (
        other("networking.k8s.io/v1", "Ingress", spec={"rules": [{"http": {}}], "tls": TLS}),
        {"PROP-0007"},
    ),
    "Ingress with a snippet": (
        other(
            "networking.k8s.io/v1",
            "Ingress",
            metadata={"annotations": SNIPPET},
            spec={"rules": [HOST], "tls": TLS},
        ),
        {"PROP-0008"},
    ),
    "settings": (other("v1", "ConfigMap", data={"log": "level=info\ntoken_ttl=300"}), set()),
    "password as a key": (other("v1", "ConfigMap", data={"db_password": "abc123x"}), {"KSV-0109"}),
    "password in a file": (
        other("v1", "ConfigMap", data={"app.ini": "[db]\npassword = abc123x"}),
        {"KSV-0109"},
    ),
    "private key": (
        other("v1", "ConfigMap", data={"ssh": "-----BEGIN OPENSSH PRIVATE KEY-----\nxxxx"}),
        {"KSV-0109"},
    ),
    "placeholder": (other("v1", "ConfigMap", data={"app.ini": "password=${DB_PASSWORD}"}), set()),
    "name of a Secret": (other("v1", "ConfigMap", data={"tls_secret_name": "shop-tls"}), set()),
    "open namespace": (other("v1", "Namespace", metadata={"name": "shop", "namespace": ""}), {"PROP-0009"}),
    "guarded namespace": (
        other(
            "v1",
            "Namespace",
            metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        ),
        set(),
    ),
    "webhook that fails open": (
        other(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            webhooks=[{"name": "a.example", "failurePolicy": "Ignore"}],
        ),
        {"PROP-0010"},
    ),
    "webhook that fails closed": (
        other(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            webhooks=[{"name": "a.example", "failurePolicy": "Fail"}],
        ),
        set(),
    ),
    "autoscaler without room": (
        other("autoscaling/v2", "HorizontalPodAutoscaler", spec={"minReplicas": 2, "maxReplicas": 2}),
        {"PROP-0002"},
    ),
    "autoscaler with room": (
        other("autoscaling/v2", "HorizontalPodAutoscaler", spec={"minReplicas": 2, "maxReplicas": 5}),
        set(),
    ),
}


@pytest.mark.parametrize(("document", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_resources_break_these_checks(document: Document, expected: set[str]) -> None:
    assert failed(document) == expected


def test_every_check_is_broken_by_some_example() -> None:
    broken = {name for _, names in [*BREAKS.values(), *OTHERS.values()] for name in names}
    assert {rule.name for rule in CHECKS.rules()} - broken == {"PROP-0011"}


@pytest.mark.parametrize(
    ("kind", "api_version", "path"),
    [
        ("Pod", "v1", "spec"),
        ("StatefulSet", "apps/v1", "spec.template.spec"),
        ("Job", "batch/v1", "spec.template.spec"),
        ("CronJob", "batch/v1", "spec.jobTemplate.spec.template.spec"),
        ("Deployment", "extensions/v1beta1", "spec.template.spec"),
    ],
)
def test_the_pod_of_every_workload_kind_is_judged(kind: str, api_version: str, path: str) -> None:
    spec = changed(POD_SPEC, "hostPID", YES)
    document = changed(other(api_version, kind), path, spec)
    (finding,) = [one for one in failures(document) if one.rule.name == "KSV-0010"]
    assert finding.evidence == ConfigEvidence(path=f"{path}.hostPID", found="true")


def test_a_kind_of_the_same_name_in_another_group_is_no_workload() -> None:
    assert audit(other("serving.example/v1", "Deployment")).findings == ()


def test_each_failing_container_has_a_finding_of_its_own() -> None:
    sidecar = changed(CONTAINER, "name", "proxy") | {"image": "proxy"}
    document = broken_pod("initContainers", [changed(CONTAINER, "image", "init") | {"name": "init"}])
    document = changed(document, "spec.template.spec.containers", [CONTAINER, sidecar])
    found = {(finding.subject, finding.evidence) for finding in failures(document)}
    base = "spec.template.spec"
    assert found == {
        ("init", ConfigEvidence(f"{base}.initContainers[0].image", "init", "init")),
        ("proxy", ConfigEvidence(f"{base}.containers[1].image", "proxy", "proxy")),
    }


def test_ephemeral_containers_need_no_resources() -> None:
    debugger = changed(CONTAINER, "resources", None) | {"name": "debugger"}
    assert failed(broken_pod("ephemeralContainers", [debugger])) == set()


def test_containers_of_one_name_stay_apart() -> None:
    twins = [changed(CONTAINER, "image", "one"), changed(CONTAINER, "image", "two")]
    found = failures(changed(DEPLOYMENT, "spec.template.spec.containers", twins))
    assert {finding.subject for finding in found} == {"web", "web containers[1]"}
    assert len({finding.fingerprint for finding in found}) == 2


def test_the_message_says_what_is_wrong_where_and_what_to_change() -> None:
    (finding,) = failures(broken_container("securityContext.readOnlyRootFilesystem", None))
    assert finding.message == (
        "container web can change the files of its own image: spec.template.spec.containers[0]"
        ".securityContext.readOnlyRootFilesystem is not set;"
        " set it to true and mount an emptyDir where it writes"
    )
    assert finding.rule.remedy == "set-read-only-root"
    assert finding.time == NOW


@pytest.mark.parametrize(
    "document",
    [
        broken_container("env[0]", {"name": "API_TOKEN", "value": "hunter2hunter2"}),
        other("v1", "ConfigMap", data={"app.ini": "password: hunter2hunter2"}),
    ],
)
def test_a_secret_is_named_and_never_shown(document: Document) -> None:
    (finding,) = failures(document)
    assert "hunter2" not in repr(finding)
    assert "API_TOKEN" in finding.message or "password in app.ini" in finding.message


def test_a_workload_without_a_pod_spec_is_an_error() -> None:
    (finding,) = audit(other("apps/v1", "Deployment", spec={"template": "none"})).findings
    assert finding.outcome is Outcome.ERROR
    assert "spec.template.spec is missing" in finding.message


@pytest.mark.parametrize(
    "broken",
    [
        broken_pod("containers", "none"),
        broken_pod("containers", [None, 3, {"name": 4, "env": 5, "ports": {}, "resources": []}]),
        broken_pod("securityContext", []),
        broken_pod("volumes", [None, {"name": "x", "hostPath": None}, {"hostPath": {"path": 3}}]),
        broken_container("securityContext", {"capabilities": {"add": [1, None], "drop": "ALL"}}),
        changed(DEPLOYMENT, "spec.replicas", "two"),
        changed(DEPLOYMENT, "spec.template.metadata", None),
    ],
)
def test_wrong_shapes_are_judged_without_an_exception(broken: Document) -> None:
    assert audit(broken).findings


class TestServiceAccountTokens:
    DOCUMENT = changed(
        broken_pod("automountServiceAccountToken", None), "spec.template.spec.serviceAccountName", "web"
    )
    KEY = service_account("shop", "web")

    def outcome(self, given: Answer) -> Outcome:
        evaluation = audit(self.DOCUMENT, {self.KEY: given})
        assert evaluation.used == {self.KEY}
        (finding,) = [one for one in evaluation.findings if one.rule.name == "PROP-0011"]
        return finding.outcome

    def test_a_pod_that_says_nothing_leaves_the_decision_to_its_account(self) -> None:
        with pytest.raises(MissingLookups) as missing:
            audit(self.DOCUMENT)
        assert missing.value.keys == {self.KEY}

    def test_the_account_may_switch_the_token_off(self) -> None:
        assert self.outcome(Answer({"automountServiceAccountToken": False})) is Outcome.PASS

    def test_an_account_that_says_nothing_hands_the_token_out(self) -> None:
        assert self.outcome(Answer({"metadata": {"name": "web"}})) is Outcome.FAIL

    def test_an_account_that_is_not_there_hands_the_token_out(self) -> None:
        assert self.outcome(Answer()) is Outcome.FAIL

    def test_an_answer_that_failed_is_an_error(self) -> None:
        assert self.outcome(Answer(error="forbidden")) is Outcome.ERROR

    def test_an_inventory_answers(self) -> None:
        account = other("v1", "ServiceAccount", metadata={"name": "web", "resourceVersion": "7"})
        inventory = Inventory([resource(account)])
        assert answer(self.KEY, inventory) == Answer(account, version="7")
        assert answer(service_account("shop", "none"), inventory) == Answer()

    def test_a_pod_that_decides_asks_nothing(self) -> None:
        assert audit(DEPLOYMENT).used == frozenset()
