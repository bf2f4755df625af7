import json
from pathlib import Path

import pytest

from propolis.cli.root import run

RESOURCES = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: baseline
    pod-security.kubernetes.io/enforce-version: v1.30
    pod-security.kubernetes.io/warn: restricted
---
apiVersion: v1
kind: Namespace
metadata: {name: odd, labels: {pod-security.kubernetes.io/enforce: strict}}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec: {hostNetwork: true, containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad, namespace: shop}
spec: {template: {spec: {hostNetwork: true, containers: [{name: a, image: a}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: free, namespace: other}
spec: {hostNetwork: true, runtimeClassName: gvisor, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: odd, namespace: odd}
spec: {containers: [{name: a, image: a}]}
"""

CONFIGURATION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: PodSecurity
    configuration:
      apiVersion: pod-security.admission.config.k8s.io/v1
      kind: PodSecurityConfiguration
      defaults: {enforce: baseline}
      exemptions: {namespaces: [shop], usernames: [root], runtimeClasses: [kata]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "resources.yaml").write_text(RESOURCES)
    (tmp_path / "config.yaml").write_text(CONFIGURATION)
    return tmp_path


def told(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> set[tuple[str, str, str]]:
    """Resource, policy and outcome of all that does not pass."""
    run(["policy", "apply", "-r", str(folder / "resources.yaml"), "--format", "json", *arguments])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return {
        (f"{one['resource']['kind']}/{one['resource']['name']}", one["policy"], one["outcome"])
        for one in findings
        if one["outcome"] != "pass"
    }


def test_each_namespace_is_judged_by_its_labels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(folder, capsys, "--pss", "namespaces") == {
        ("Pod/bad", "pod-security-baseline-enforce", "fail"),
        ("Pod/bad", "pod-security-restricted-warn", "warn"),
        ("Deployment/bad", "pod-security-baseline-enforce", "warn"),
        ("Deployment/bad", "pod-security-restricted-warn", "warn"),
        ("Pod/odd", "pod-security-restricted-enforce", "fail"),
    }


def test_defaults_and_exemptions_come_from_the_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(folder, capsys, "--pss-config", str(folder / "config.yaml"))
    assert {name for name, _, _ in found} == {"Pod/free", "Pod/odd"}
    (folder / "config.yaml").write_text(CONFIGURATION.replace("kata", "gvisor"))
    found = told(folder, capsys, "--pss-config", str(folder / "config.yaml"))
    assert {name for name, _, _ in found} == {"Pod/odd"}
    (folder / "user.yaml").write_text("userInfo: {username: root}")
    arguments = ["--pss-config", str(folder / "config.yaml"), "-u", str(folder / "user.yaml")]
    assert told(folder, capsys, *arguments) == set()


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a: 1", "holds no PodSecurityConfiguration"), (CONFIGURATION.replace("[root]", "root"), "Expected")],
)
def test_what_is_no_configuration_is_told(
    folder: Path, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text(text)
    arguments = ["policy", "apply", "-r", str(folder / "resources.yaml")]
    assert run([*arguments, "--pss-config", str(folder / "config.yaml")]) == 2
    assert problem in capsys.readouterr().err
    assert run([*arguments, "--pss", "baseline", "--pss-config", str(folder / "config.yaml")]) == 2
