"""What an installation consists of, judged by the project's own rules."""

import json
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from propolis.app.admission_objects import KINDS as FOLLOWED
from propolis.app.install import installation
from propolis.app.install_options import InstallOptions
from propolis.cli.admission_serve import serve
from propolis.cli.operator import operator
from propolis.cli.root import EXIT_INPUT, cli
from propolis.core.errors import DocumentError
from propolis.policy.model.schema.definitions import definitions
from propolis.policy.model.schema.kinds import KINDS, REPORTS

Document = dict[str, Any]
IMAGE = "registry.example/propolis:1.0.0"
EXCEPTIONS = {
    ("network-coverage", "ingress-sources-named"),  # an API server asks from addresses that no selector knows
    ("network-coverage", "ingress-namespaces-named"),  # whoever collects metrics may stand anywhere
    ("network-coverage", "egress-destinations-named"),  # and stands at one
    ("rbac", "control-webhooks"),  # what admission is there for
    ("rbac", "obtain-token"),  # it keeps its authority in a Secret of its own namespace
}
"""Findings on the manifests that are meant to be there."""


@cache
def documents(**options: Any) -> list[Document]:
    return list(installation(InstallOptions(**{"image": IMAGE, **options}), BytesIO()).documents)


def of_kind(kind: str, **options: Any) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in documents(**options) if one["kind"] == kind}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["install", *arguments], standalone_mode=False)


@pytest.fixture
def manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "install.yaml"
    path.write_text(run("--image", IMAGE).stdout)
    return path


def test_the_restricted_policies_of_the_pack_find_nothing(manifests: Path) -> None:
    arguments = ["policy", "apply", "pack:pod-security", "-r", str(manifests), "--format", "json"]
    found = json.loads(CliRunner().invoke(cli, arguments, standalone_mode=False).stdout)
    outcomes = {one["outcome"] for one in found["findings"]}
    assert len(found["findings"]) > 20
    assert outcomes <= {"pass", "skip"}


def test_an_assessment_finds_what_is_meant_to_be_there_and_nothing_else(manifests: Path) -> None:
    arguments = ["assess", "--manifests", str(manifests), "--format", "json"]
    found = json.loads(CliRunner().invoke(cli, arguments, standalone_mode=False).stdout)["findings"]
    told = {(one["policy"], one["rule"]) for one in found if one["outcome"] in ("fail", "warn", "error")}
    assert len(found) > 200
    assert told == EXCEPTIONS


def test_the_namespace_takes_restricted_pods_alone() -> None:
    labels = of_kind("Namespace", namespace="security")["security"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_definitions_come_before_all_that_needs_them_and_everything_is_in_the_namespace() -> None:
    kinds = [one["kind"] for one in documents(namespace="security")]
    assert kinds[0] == "Namespace"
    assert kinds.index("CustomResourceDefinition") == 1
    accounts = [kinds.index(kind) for kind in ("ServiceAccount", "Role", "ClusterRole")]
    assert max(accounts) < kinds.index("Deployment")
    placed = {one["metadata"].get("namespace") for one in documents(namespace="security")}
    assert placed == {None, "security"}
    arguments = arguments_of(of_kind("Deployment", namespace="security")["propolis-admission"])
    assert not [one for one in arguments if "propolis/" in one]


def arguments_of(deployment: Document) -> list[str]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    found = container["args"]
    assert isinstance(found, list)
    return found


def test_the_arguments_of_admission_are_options_that_there_are() -> None:
    command, sub, *rest = arguments_of(of_kind("Deployment")["propolis-admission"])
    assert (command, sub) == ("admission", "serve")
    parsed = serve.make_context("serve", rest).params
    assert (parsed["service"], parsed["from_cluster"]) == ("propolis/propolis-admission", True)
    assert parsed["certificates"] == "secret:propolis/propolis-admission"
    assert parsed["settings"] == "propolis/propolis-settings"


def test_the_arguments_of_the_operator_are_options_that_there_are() -> None:
    command, *rest = arguments_of(of_kind("Deployment")["propolis-operator"])
    assert command == "operator"
    parsed = operator.make_context("operator", rest).params
    assert (parsed["lease"], parsed["from_cluster"]) == ("propolis/propolis-operator", True)


def test_the_service_leads_to_the_port_of_the_pods_that_it_selects() -> None:
    service = of_kind("Service")["propolis-admission"]["spec"]
    pod = of_kind("Deployment", replicas=3)["propolis-admission"]["spec"]
    assert pod["replicas"] == 3
    assert service["selector"].items() <= pod["template"]["metadata"]["labels"].items()
    assert pod["selector"]["matchLabels"].items() <= pod["template"]["metadata"]["labels"].items()
    (container,) = pod["template"]["spec"]["containers"]
    assert {"name": "https", "containerPort": 9443, "protocol": "TCP"} in container["ports"]
    assert [port["targetPort"] for port in service["ports"]] == ["https"]


def rules(name: str, kind: str = "ClusterRole", **options: Any) -> Iterator[tuple[str, str, str, str]]:
    """Group, resource, verb and name of all that a role allows."""
    for rule in of_kind(kind, **options)[name]["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    for one in rule.get("resourceNames", [""]):
                        yield group, resource, verb, one


def test_no_role_has_a_wildcard() -> None:
    text = json.dumps([of_kind("ClusterRole"), of_kind("Role")])
    assert '"*"' not in text


def test_admission_follows_every_kind_that_it_reads_and_writes_its_own_webhooks_alone() -> None:
    allowed = set(rules("propolis:admission"))
    plurals = {(one.group, one.kind): one.plural for one in KINDS}
    assert {(group, plurals[group, kind], "watch", "") for group, kind in FOLLOWED} <= allowed
    changes = ("patch", "update", "delete")
    written = {(one[1], one[3]) for one in allowed if one[2] in changes and one[0] != "events.k8s.io"}
    assert all(re.fullmatch("propolis-admission(-policies|-[2-9])?", name) for _, name in written)
    assert {resource for resource, _ in written} == {
        "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
    }  # fmt: skip


def test_the_operator_writes_statuses_reports_and_events() -> None:
    allowed = set(rules("propolis:operator"))
    statuses = {(one.group, f"{one.plural}/status", "patch", "") for one in KINDS if one.status is not None}
    assert statuses <= allowed
    assert {(REPORTS, one.plural, "patch", "") for one in KINDS if one.group == REPORTS} <= allowed
    assert ("events.k8s.io", "events", "create", "") in allowed
    assert not {one for one in allowed if one[1] in ("pods", "secrets", "configmaps")}


def test_permissions_that_policies_need_are_granted_with_their_reasons() -> None:
    assert "propolis:scan:policies" not in of_kind("ClusterRole")
    policies = ("pack:require-quota",)
    assert ("", "resourcequotas", "list", "") in set(rules("propolis:admission:policies", policies=policies))
    binding = of_kind("ClusterRoleBinding", policies=policies)["propolis:scan:policies"]
    assert binding["subjects"][0]["name"] == "propolis-operator"


@pytest.mark.parametrize(
    "options",
    [
        {"namespace": "No Namespace"},
        {"namespace": "a" * 64},
        {"namespace": ""},
        {"image": "two words"},
        {"image": "a\nb"},
        {"image": "x" * 501},
        {"replicas": 0},
        {"replicas": 51},
    ],
)
def test_options_that_no_api_server_takes_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        documents(**options)


def test_the_command_prints_all_of_it_or_definitions_alone(tmp_path: Path) -> None:
    printed = list(yaml.safe_load_all(run("--image", IMAGE).stdout))
    assert [one["kind"] for one in printed] == [one["kind"] for one in documents()]
    only = list(yaml.safe_load_all(run("--crds-only").stdout))
    assert {one["kind"] for one in only} == {"CustomResourceDefinition"}
    assert len(only) == len(definitions())
    broken = tmp_path / "p.yaml"
    broken.write_text("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec: {}\n")
    found = run("--policies", str(broken))
    assert found.return_value == EXIT_INPUT
    assert "the policy has no rules" in found.stderr
