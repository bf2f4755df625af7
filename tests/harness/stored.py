"""A store with one small run, for tests of what is made from stores."""

from datetime import UTC, datetime
from pathlib import Path

from propolis.core.assessment import Factor, Problem
from propolis.core.finding import Evidence, Finding, Outcome, Rule, Severity
from propolis.core.resource import Origin, ResourceRef
from propolis.insight.ledger import Ledger, Standing
from propolis.store.database import Database, open_database
from propolis.store.writer import writing_run

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CART = ResourceRef("apps/v1", "Deployment", "cart", "shop", "local")
PAGES = ResourceRef("apps/v1", "Deployment", "pages", "web", "local", uid="0b1c")
ADMIN = ResourceRef("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "admin", "", "local")

ROOT = Rule(
    "policy",
    "run-as-non-root",
    "run-as-non-root",
    title="Containers run as a user other than root",
    severity=Severity.MEDIUM,
    category="Pod Security Standards (Restricted)",
    remedy="set-run-as-non-root",
)
PRIVILEGED = Rule(
    "config-audit", "config-audit", "KSV-0017", "Privileged", Severity.CRITICAL, remedy="drop-privileged"
)
CLUSTER_ADMIN = Rule("rbac", "rbac", "cluster-admin", severity=Severity.HIGH, remedy="drop-cluster-admin")


class Where(Evidence, frozen=True):
    """Evidence of the tests."""

    path: str


FINDINGS = (
    Finding(ROOT, CART, Outcome.FAIL, "runAsNonRoot is not set", NOW, Where("spec.template.spec"), "cart"),
    Finding(ROOT, PAGES, Outcome.PASS, "", NOW),
    Finding(PRIVILEGED, PAGES, Outcome.FAIL, "<b>nginx</b> is privileged \x1b[31m", NOW, None, "nginx"),
    Finding(CLUSTER_ADMIN, ADMIN, Outcome.WARN, "bound to cluster-admin", NOW),
)


def store_run(database: Database, findings: tuple[Finding, ...] = FINDINGS, cluster: str = "local") -> None:
    """Stores one run of these findings."""
    standings = {
        CART.key: Standing(CART, "payments", is_workload=True),
        PAGES.key: Standing(PAGES, "web", is_workload=True),
        ADMIN.key: Standing(ADMIN, "platform", is_workload=False),
    }
    ledger = Ledger(dict(standings))
    exposed = Factor("exposed-to-internet", 2.0, "reachable through Ingress web/shop")
    with writing_run(database, cluster, ["examples"], NOW) as writer:
        writer.add_resources(
            (standing.target, Origin("shop.yaml", 7), standing.team, key if standing.is_workload else None)
            for key, standing in standings.items()
        )
        for finding in findings:
            ledger.add(finding)
        writer.add_findings(findings)
        changes = writer.apply()
        scores = ledger.scores(lambda ref, _weaknesses: (exposed,) if ref == PAGES else ())
        writer.add_scores(scores)
        writer.add_fixes(ledger.fixes(scores))
        points = ledger.points(scores)
        summary = ledger.counts() | {"changes": changes, "resources": 3, "workloads": 2, "points": points}
        writer.finish(summary, [Problem("document", "bad.yaml:2:1: broken"), Problem("skipped", "x")], NOW)


def open_store(path: Path) -> Database:
    """A store with one run."""
    database = open_database(path / "store.db")
    store_run(database)
    return database
