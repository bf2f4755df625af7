"""How fast resources are audited and roles assessed, against PyYAML's C loader on the same documents."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import yaml

from propolis import compliance
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from tests.unit.compliance.manifests import DEPLOYMENT

COUNT = 2_000
ROLES = 2_000
ROUNDS = 3
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CARELESS: Document = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "template": {
            "spec": {"automountServiceAccountToken": True, "containers": [{"name": "web", "image": "web"}]}
        }
    },
}


def seconds(work: Callable[[], object]) -> float:
    """The best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def run() -> list[str]:
    """A line for a careful workload, a careless one, and an inventory of roles."""
    return [audit_line("careful", DEPLOYMENT), audit_line("careless", CARELESS), rbac_line()]


def audit_line(name: str, document: Document) -> str:
    """Auditing a workload against parsing it."""
    checks, subject = compliance.checks(), as_resource(document)
    text = yaml.safe_dump(document)

    def audit() -> None:
        for _ in range(COUNT):
            compliance.config_audit.evaluate(checks, subject, {}, NOW)

    def parse() -> None:
        for _ in range(COUNT // 20):
            yaml.load(text, Loader=yaml.CSafeLoader)  # a safe loader, made in C

    ours, reference = seconds(audit), seconds(parse) * 20
    rules = len(checks.rules())
    each = ours / COUNT * 1e6
    ratio = f"{reference / ours:.0f}x as fast as parsing it ({each:.0f} us)"
    return f"audit of a {name} workload by {rules} checks: {ratio}"


def rbac_line() -> str:
    """Assessing roles and bindings against parsing them."""
    documents = [one for number in range(ROLES) for one in role_and_binding(number)]
    inventory = Inventory(as_resource(one) for one in documents)
    rules = compliance.rbac_rules()
    text = yaml.safe_dump_all(documents[:200])
    ours = seconds(lambda: compliance.rbac.evaluate(rules, inventory, {}, NOW))
    reference = seconds(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader))) * len(documents) / 200
    return (
        f"assessment of {ROLES:,} bound roles: {reference / ours:.0f}x as fast as parsing them ({ours:.2f} s)"
    )


def role_and_binding(number: int) -> list[Document]:
    """A Role that reads a Secret of its own, and its binding."""
    group, namespace = "rbac.authorization.k8s.io", f"team-{number % 50}"
    metadata = {"name": f"role-{number}", "namespace": namespace}
    rule = {"apiGroups": ["", "apps"], "resources": ["secrets", f"kind-{number}"], "verbs": ["get", "create"]}
    subject = {"kind": "ServiceAccount", "name": f"account-{number}", "namespace": namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": f"role-{number}"}
    version = f"{group}/v1"
    return [
        {"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": version,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": [subject],
        },
    ]


def as_resource(document: Document) -> Resource:
    """The document as observed."""
    return Resource(reference_of(document), document, Origin("bench.yaml"))
