from typing import Any

import pytest

from propolis.policy.engine.pod_security.shape import misshapen


def pod(**spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "spec": spec}


def container(**fields: Any) -> dict[str, Any]:
    return pod(containers=[fields])


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Pod"},
        {"kind": "Deployment", "spec": {}},
        pod(containers=None, unknown={"fields": ["do", "not", "count"]}),
        container(ports=[{"containerPort": 80.0}], livenessProbe={"httpGet": {"port": "web"}}),
        container(resources={"limits": {"cpu": 1, "memory": "1Gi"}}),
        pod(nodeSelector={"a": "b"}),
    ],
)
def test_what_a_server_would_decode_has_its_shape(document: dict[str, Any]) -> None:
    assert misshapen(document) == ""


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (pod(containers=["nginx"]), "spec.containers[0] is text, expected object"),
        (pod(containers={}), "spec.containers is object, expected list"),
        (pod(hostNetwork="true"), "spec.hostNetwork is text, expected flag"),
        (
            container(securityContext={"privileged": "yes"}),
            "spec.containers[0].securityContext.privileged is text, expected flag",
        ),
        (
            container(ports=[{"hostPort": 1.5}]),
            "spec.containers[0].ports[0].hostPort is fraction, expected number",
        ),
        (pod(nodeSelector={"a": True}), "spec.nodeSelector.a is flag, expected text"),
        (
            container(resources={"limits": {"cpu": "much"}}),
            "spec.containers[0].resources.limits.cpu is text, expected quantity",
        ),
        ({"kind": "CronJob", "spec": {"jobTemplate": []}}, "spec.jobTemplate is list, expected object"),
        (
            {"kind": "Deployment", "spec": {"template": {"spec": {"os": "linux"}}}},
            "spec.template.spec.os is text, expected object",
        ),
    ],
)
def test_what_it_would_refuse_is_told_at_its_path(document: dict[str, Any], problem: str) -> None:
    assert misshapen(document) == problem
