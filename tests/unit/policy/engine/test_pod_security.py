from typing import Any

import pytest

from propolis.policy.engine.evidence import PodSecurityControl, PodSecurityEvidence
from propolis.policy.engine.pod_security.standard import compile_standard, evaluate_standard
from tests.unit.policy.engine.examples import NOW, findings, outcome, pod, pod_rule, policy, subject

SAFE: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


ADDED = "restrictedField: 'spec.containers[*].securityContext.capabilities.add', values"


def with_context(name: str = "app", image: str = "nginx:1.27", **changes: Any) -> dict[str, Any]:
    context = {key: value for key, value in {**SAFE, **changes}.items() if value is not None}
    return {"name": name, "image": image, "securityContext": context}


def rule(text: str) -> str:
    return pod_rule(f"podSecurity: {text}")


def test_a_pod_that_keeps_the_level_passes() -> None:
    document = pod(containers=[with_context()])
    assert outcome(rule("{level: restricted, version: latest}"), document) == (
        "pass",
        "Validation rule 'r' passed.",
    )


def test_a_failure_names_reasons_and_fields() -> None:
    document = pod(hostNetwork=True, containers=[with_context(privileged=True)])
    expected = (
        "Validation rule 'r' failed. It violates PodSecurity \"baseline:v1.30\": "
        "(Forbidden reason: host namespaces, field error list: [spec.hostNetwork is forbidden, "
        "forbidden values found: true])(Forbidden reason: privileged, field error list: "
        "[spec.containers[0].securityContext.privileged is forbidden, forbidden values found: true])"
    )
    assert outcome(rule("{level: baseline, version: v1.30}"), document) == ("fail", expected)


def test_evidence_has_the_words_of_the_api_server() -> None:
    document = pod(containers=[with_context(privileged=True)])
    (finding,) = findings(policy(rule("{level: baseline}")), document)
    assert finding.evidence == PodSecurityEvidence(
        ('privileged: container "app" must not set securityContext.privileged=true',),
        "baseline",
        "",
        (PodSecurityControl("privileged", ("docker.io/nginx:1.27",)),),
    )


def test_fields_of_a_workload_are_named_where_they_stand() -> None:
    document = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "c"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostPID": True, "containers": []}}}}},
    }
    (finding,) = findings(policy(rule("{level: baseline}")), document)
    assert "[spec.jobTemplate.spec.template.spec.hostPID is forbidden" in finding.message


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        ("[{controlName: Capabilities, images: ['nginx*']}]", "pass"),
        ("[{controlName: Capabilities, images: ['redis*']}]", "fail"),
        ("[{controlName: Seccomp, images: ['*']}]", "fail"),
        (f"[{{controlName: Capabilities, images: ['*'], {ADDED}: [NET_RAW]}}]", "pass"),
        (f"[{{controlName: Capabilities, images: ['*'], {ADDED}: [SYS_TIME]}}]", "fail"),
    ],
)
def test_an_exclusion_lets_off_a_control_for_its_images_and_values(exclude: str, expected: str) -> None:
    document = pod(containers=[with_context(capabilities={"drop": ["ALL"], "add": ["NET_RAW"]})])
    assert outcome(rule(f"{{level: restricted, exclude: {exclude}}}"), document)[0] == expected


def test_an_exclusion_without_images_is_about_the_pod() -> None:
    document = pod(hostNetwork=True, containers=[with_context()])
    text = "{level: restricted, exclude: [{controlName: Host Namespaces}]}"
    assert outcome(rule(text), document)[0] == "pass"


def test_a_level_that_is_none_is_an_error() -> None:
    assert outcome(rule("{level: strict}"), pod())[0] == "error"
    assert outcome(rule("{level: baseline, version: v2.0}"), pod())[0] == "error"


def test_a_standard_gives_one_finding_for_each_control() -> None:
    resource = subject(pod(containers=[with_context(privileged=True)])).resource
    found = evaluate_standard(compile_standard("restricted", "v1.34"), resource, NOW).findings
    failed = [finding for finding in found if finding.is_open]
    assert len(found) == 15
    assert [(finding.rule.name, finding.message) for finding in failed] == [
        ("privileged", 'privileged (container "app" must not set securityContext.privileged=true)')
    ]
    assert failed[0].rule.remedy == "drop-privileged"


def test_a_newer_check_waits_for_its_version() -> None:
    probe = {"httpGet": {"host": "example.com", "port": 80}}
    resource = subject(pod(containers=[{**with_context(), "livenessProbe": probe}])).resource
    outcomes = {
        version: any(
            finding.is_open
            for finding in evaluate_standard(compile_standard("baseline", version), resource, NOW).findings
        )
        for version in ("v1.33", "v1.34")
    }
    assert outcomes == {"v1.33": False, "v1.34": True}


@pytest.mark.parametrize("field", ["seccompProfile", "appArmorProfile"])
def test_a_profile_without_a_type_is_forbidden(field: str) -> None:
    document = pod(containers=[{**with_context(), "securityContext": {field: {}}}])
    assert outcome(rule("{level: baseline}"), document)[0] == "fail"


def test_what_is_no_pod_is_an_error_and_an_empty_one_is_judged() -> None:
    assert outcome(rule("{level: baseline}"), pod(containers=["nginx"]))[0] == "error"
    assert outcome(rule("{level: baseline}"), {**pod(), "spec": None})[0] == "pass"
    assert outcome(rule("{level: restricted}"), {**pod(), "spec": None})[0] == "pass"
