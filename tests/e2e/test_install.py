"""An installation on a real API server: taken whole, and with permissions that suffice."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.admission import PROPOLIS, Admission, config_map, pod, until
from tests.harness.control_plane import ControlPlane

NAMESPACE = "installed"
ACCOUNT = "system:serviceaccount:propolis:propolis-admission"
CONFIGURED = {
    "name": "configured",
    "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "namespaces": [NAMESPACE]}}]},
    "context": [
        {"name": "rules", "configMap": {"name": "rules", "namespace": NAMESPACE}},
        {"name": "pods", "apiCall": {"urlPath": "/api/v1/namespaces/{{request.namespace}}/pods"}},
    ],
    "validate": {
        "message": "closed, with {{ pods.items | length(@) }} pods",
        "deny": {
            "conditions": {"any": [{"key": "{{rules.data.open}}", "operator": "NotEquals", "value": "yes"}]}
        },
    },
}
ASKED = {
    "name": "asked",
    "match": {"any": [{"resources": {"kinds": ["Secret"], "namespaces": [NAMESPACE]}}]},
    "validate": {
        "cel": {
            "expressions": [
                {
                    "expression": '!authorizer.group("").resource("pods").check("get").allowed()',
                    "message": "not for those who read pods",
                }
            ]
        }
    },
}
SCANNED = {
    "name": "owned",
    "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "namespaces": [NAMESPACE]}}]},
    "validate": {"message": "whose?", "pattern": {"metadata": {"labels": {"owner": "?*"}}}},
}
EXPRESSION = {
    "apiVersion": "policies.kyverno.io/v1",
    "kind": "ValidatingPolicy",
    "metadata": {"name": "known-accounts"},
    "spec": {
        "validationActions": ["Deny"],
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ],
        },
        "validations": [
            {
                "expression": 'resource.List("v1", "serviceaccounts", object.metadata.namespace)'
                ".items.size() > 9",
                "message": "few accounts",
            }
        ],
    },
}


RULE = {
    "apiVersion": "kyverno.io/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": "configured"},
    "spec": {"validationFailureAction": "Enforce", "background": False, "rules": [CONFIGURED, ASKED]},
}
POLICIES = [RULE, EXPRESSION]


@pytest.fixture(scope="module")
def installed(served_kinds: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with an installation that may do what some policies need."""
    served_kinds.kubectl("create", "namespace", NAMESPACE)
    file = tmp_path_factory.mktemp("asked") / "policies.yaml"
    file.write_text("\n---\n".join(map(json.dumps, POLICIES)))
    command = [
        str(PROPOLIS),
        "install",
        "--image",
        "registry.example/propolis:1.0.0",
        "--policies",
        str(file),
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stderr) == (0, "")
    made = served_kinds.kubectl("apply", "--validate=strict", "-f", "-", stdin=printed.stdout)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr
    yield served_kinds
    others = [one for one in printed.stdout.split("---\n") if "CustomResourceDefinition\n" not in one]
    served_kinds.kubectl("delete", "--wait=false", "-f", "-", stdin="---\n".join(others))
    served_kinds.kubectl("delete", "--wait=false", "namespace", NAMESPACE)


@pytest.fixture
def admission(installed: ControlPlane, policy_kinds: ControlPlane, tmp_path: Path) -> Iterator[Admission]:
    assert installed is policy_kinds
    found = Admission(installed, NAMESPACE, tmp_path)
    found.name = "propolis-admission"
    try:
        yield found
    finally:
        found.clean()


def kubeconfig_of_account(plane: ControlPlane, path: Path, name: str = "propolis-admission") -> Path:
    """A kubeconfig with a token of an account."""
    token = plane.kubectl("create", "token", name, "-n", "propolis")
    assert token.returncode == 0, token.stderr
    raw = plane.kubectl("config", "view", "--raw", "-o", "json")
    found = json.loads(raw.stdout)
    found["users"] = [
        {"name": one["name"], "user": {"token": token.stdout.strip()}} for one in found["users"]
    ]
    path.write_text(json.dumps(found))
    return path


def refused_to(plane: ControlPlane, user: str) -> list[str]:
    """Requests of a user that were forbidden."""
    events = map(json.loads, (plane.folder / "audit.log").read_text().splitlines())
    return [
        f"{one['verb']} {one['requestURI']}"
        for one in events
        if one["user"].get("username") == user and one["responseStatus"]["code"] == 403
    ]


def requests_of(plane: ControlPlane, user: str) -> int:
    return (plane.folder / "audit.log").read_text().count(f'"username":"{user}"')


def test_the_account_of_admission_may_do_what_it_does(admission: Admission, tmp_path: Path) -> None:
    plane = admission.plane
    access = kubeconfig_of_account(plane, tmp_path / "account.kubeconfig")
    for document in POLICIES:
        made = plane.kubectl("apply", "-f", "-", stdin=json.dumps(document))
        assert made.returncode == 0, made.stderr
    assert admission.apply(config_map("rules", open="no")).returncode == 0
    more = ["--kubeconfig", str(access), "--certificates", "secret:propolis/propolis-admission"]
    more += ["--settings", "propolis/propolis-settings"]
    admission.start(from_cluster=True, more=more)
    until(lambda: "closed, with 0 pods" in admission.refuses(config_map("a")))
    until(lambda: "few accounts" in admission.refuses(pod("a")))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    until(lambda: "not for those who read pods" in admission.refuses(secret))
    assert admission.stop() == 0
    assert requests_of(plane, ACCOUNT) > 20
    assert refused_to(plane, ACCOUNT) == []
    found = plane.kubectl("get", "validatingwebhookconfigurations", "-o", "name").stdout
    assert "propolis-admission" not in found


def test_the_account_of_the_operator_may_do_what_it_does(
    installed: ControlPlane, policy_kinds: ControlPlane, tmp_path: Path
) -> None:
    assert installed is policy_kinds
    access = kubeconfig_of_account(installed, tmp_path / "operator.kubeconfig", "propolis-operator")
    scanned = json.loads(json.dumps(RULE))
    scanned["spec"] |= {"background": True, "rules": [SCANNED]}
    granted = subprocess.run(
        [str(PROPOLIS), "policy", "permissions", "-", "--format", "yaml"],
        input=json.dumps(scanned), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert granted.returncode == 0, granted.stderr
    made = installed.kubectl("apply", "-f", "-", stdin=f"{granted.stdout}---\n{json.dumps(scanned)}")
    assert made.returncode == 0, made.stderr
    installed.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=json.dumps(config_map("scanned")))
    command = [str(PROPOLIS), "operator", "--from-cluster", "--lease", "propolis/propolis-operator"]
    command += ["--settings", "propolis/propolis-settings", "--kubeconfig", str(access), "--port", "0"]
    with (tmp_path / "operator.log").open("w") as log:
        process = subprocess.Popen(command, stderr=log, cwd=tmp_path)
        try:
            until(lambda: "scanned" in installed.kubectl("get", "polr", "-n", NAMESPACE, "-o", "wide").stdout)
            conditions = ("get", "cpol", "-o", "jsonpath={.items[*].status.conditions}")
            until(lambda: installed.kubectl(*conditions).stdout)
            later = json.dumps(config_map("later"))
            installed.kubectl("apply", "-n", NAMESPACE, "-f", "-", stdin=later)
            until(lambda: "PolicyViolation" in installed.kubectl("get", "events", "-A").stdout)
        finally:
            process.terminate()
            process.wait()
    assert refused_to(installed, ACCOUNT.replace("admission", "operator")) == []


def test_permissions_of_the_policies_of_a_cluster_are_roles_that_it_takes(
    installed: ControlPlane, policy_kinds: ControlPlane
) -> None:
    assert installed is policy_kinds
    scanned, custom = json.loads(json.dumps([RULE, EXPRESSION]))
    scanned["spec"] |= {"background": True, "rules": [ASKED]}
    custom["metadata"]["name"] = "custom"
    custom["spec"]["matchConstraints"]["resourceRules"][0] |= {
        "apiGroups": ["apiextensions.k8s.io"],
        "resources": ["customresourcedefinitions"],
    }
    for document in (scanned, custom):
        assert installed.kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    command = [str(PROPOLIS), "policy", "permissions", "--cluster", "--kubeconfig", str(installed.kubeconfig)]
    printed = subprocess.run([*command, "--format", "yaml"], capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "get list watch secrets: ClusterPolicy configured" in printed.stdout
    assert "customresourcedefinitions.apiextensions.k8s.io: ValidatingPolicy custom" in printed.stdout
    arguments = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    taken = installed.kubectl(*arguments, "--force-conflicts", stdin=printed.stdout)
    assert taken.returncode == 0, taken.stderr


@pytest.mark.parametrize(
    "asked",
    [
        ("get", "secrets", "-n", "default"),
        ("get", "secret/other", "-n", "propolis"),
        ("delete", "validatingwebhookconfigurations/of-others"),
        ("list", "pods", "-n", "propolis", "--subresource=log"),
        ("patch", "clusterpolicies.kyverno.io"),
        ("create", "clusterrolebindings"),
        ("get", "configmap/other", "-n", "default"),
    ],
    ids=" ".join,
)
def test_the_account_of_admission_may_do_nothing_else(
    installed: ControlPlane, asked: tuple[str, ...]
) -> None:
    found = installed.kubectl("auth", "can-i", *asked, f"--as={ACCOUNT}")
    assert found.stdout.strip() == "no", found.stderr
