import json
from pathlib import Path

import yaml
from click.testing import CliRunner, Result

from propolis.cli.root import EXIT_INPUT, cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", "permissions", *arguments], standalone_mode=False)


def test_the_table_names_who_needs_what() -> None:
    found = run("pack:require-quota")
    assert (found.return_value, found.exception) == (0, None)
    assert "resourcequotas" in found.stdout
    assert "ClusterPolicy require-quota" in found.stdout
    assert "Permissions: 6 for 1 policies" in found.stdout


def test_json_has_every_permission_with_its_reason() -> None:
    found = json.loads(run("pack:restrict-registries", "--format", "json").stdout)
    assert {
        "for": "admission",
        "group": "",
        "resource": "configmaps",
        "verbs": ["get"],
        "namespace": "propolis",
        "names": ["propolis-settings"],
        "policies": ["ClusterPolicy restrict-registries"],
    } in found["permissions"]


def test_yaml_has_roles_and_bindings_for_the_accounts() -> None:
    found = run("pack:restrict-registries", "--format", "yaml", "--namespace", "security")
    documents = list(yaml.safe_load_all(found.stdout))
    assert [one["kind"] for one in documents] == [
        "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
    ]  # fmt: skip
    role, binding = documents[:2]
    assert role["metadata"]["namespace"] == "propolis"
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "verbs": ["get"],
            "resourceNames": ["propolis-settings"],
        }
    ]
    assert role["metadata"]["annotations"]["propolis.dev/needed-by"] == (
        "get configmaps propolis-settings: ClusterPolicy restrict-registries\n"
    )
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "propolis-admission", "namespace": "security"}
    ]


def test_what_cannot_be_used_or_told_is_told(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec: {}\n")
    found = run(str(file))
    assert found.return_value == EXIT_INPUT
    assert "the policy has no rules" in found.stderr
    assert (
        "resource gateways of gateway.networking.k8s.io is guessed" in run("pack:require-gateway-tls").stdout
    )
    assert isinstance(run().exception, Exception)
