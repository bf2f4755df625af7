from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from propolis.core.assessment import Factor, FixGroup, FixTarget, Problem, WorkloadScore
from propolis.core.finding import Finding, Outcome, Rule, Severity
from propolis.core.resource import Origin, ResourceRef
from propolis.store.database import Database, open_database
from propolis.store.finding_queries import FindingFilter, count_findings, find_finding, list_findings
from propolis.store.queries import clusters, latest_run, list_fixes, list_runs, list_workloads
from propolis.store.writer import writing_run

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PRIVILEGED = Rule(
    "policy", "disallow-privileged", "privileged", title="No privileged pods", severity=Severity.HIGH
)
LATEST = Rule("policy", "disallow-latest", "tag", severity=Severity.LOW, remedy="pin-image")
CART = ResourceRef("apps/v1", "Deployment", "cart", "shop", "local")
WEB = ResourceRef("apps/v1", "Deployment", "web", "shop", "local")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "store.db")


def finding(
    rule: Rule, resource: ResourceRef, outcome: Outcome = Outcome.FAIL, message: str = "no"
) -> Finding:
    return Finding(rule, resource, outcome, message)


def store(database: Database, findings: Iterable[Finding], cluster: str = "local") -> dict[str, int]:
    with writing_run(database, cluster, ["examples"], NOW) as writer:
        writer.add_resources(
            (ref, Origin("a.yaml", 3), "shop", ref.key) for ref in (CART, WEB) if ref.cluster == cluster
        )
        writer.add_findings(findings)
        changed = writer.apply()
        writer.finish({"changes": changed}, [Problem("document", "b.yaml:1: broken")], NOW)
    return changed


def page(database: Database, **wanted: object) -> list[str]:
    with database.reading() as connection:
        filtered = FindingFilter(cluster="local", **wanted)  # type: ignore[arg-type]
        total, rows = list_findings(connection, filtered)
        assert total == len(rows)
        return [f"{row.resource.name}:{row.rule}:{row.outcome}:{row.change}" for row in rows]


def test_the_first_run_is_all_new_and_the_same_again_is_unchanged(database: Database) -> None:
    findings = [finding(PRIVILEGED, CART), finding(LATEST, WEB), finding(LATEST, CART, Outcome.PASS)]
    assert store(database, findings) == {"new": 2, "fixed": 0, "unchanged": 0}
    assert page(database) == ["cart:privileged:fail:new", "web:tag:fail:new", "cart:tag:pass:"]
    assert store(database, findings) == {"new": 0, "fixed": 0, "unchanged": 2}
    assert page(database, change="new") == []


def test_a_finding_is_fixed_when_it_passes_or_is_gone(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART), finding(LATEST, WEB), finding(LATEST, CART)])
    changed = store(database, [finding(PRIVILEGED, CART, Outcome.PASS), finding(LATEST, WEB)])
    assert changed == {"new": 0, "fixed": 2, "unchanged": 1}
    assert page(database) == ["web:tag:fail:", "cart:privileged:pass:"]
    assert page(database, change="fixed") == ["cart:tag:fail:", "cart:privileged:pass:"]


def test_what_an_incomplete_run_did_not_see_stays(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART), finding(LATEST, WEB)])
    with writing_run(database, "local", [], NOW) as writer:
        writer.add_findings([finding(PRIVILEGED, CART, Outcome.PASS)])
        changed = writer.apply(is_complete=False)
        writer.finish({}, [], NOW)
    assert changed == {"new": 0, "fixed": 1, "unchanged": 0}
    assert page(database) == ["web:tag:fail:", "cart:privileged:pass:"]


def test_kinds_at_which_a_run_did_not_look_stay(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART)])
    with writing_run(database, "local", [], NOW) as writer:
        assert writer.apply(("Deployment",))["fixed"] == 0
        writer.finish({}, [], NOW)
    assert page(database) == ["cart:privileged:fail:"]


def test_a_finding_that_comes_back_is_new_again(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART)])
    store(database, [])
    assert store(database, [finding(PRIVILEGED, CART)]) == {"new": 1, "fixed": 0, "unchanged": 0}
    assert page(database) == ["cart:privileged:fail:new"]


def test_a_changed_message_is_kept_and_is_neither_new_nor_fixed(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART, message="before")])
    assert store(database, [finding(PRIVILEGED, CART, Outcome.WARN, "after")])["unchanged"] == 1
    with database.reading() as connection:
        _, rows = list_findings(connection, FindingFilter())
    assert [(row.message, row.outcome, row.change) for row in rows] == [("after", "warn", "")]


def test_every_change_has_a_later_revision_and_what_is_gone_leaves_a_tombstone(database: Database) -> None:
    fingerprint = finding(PRIVILEGED, CART).fingerprint
    revisions = []
    for findings in ([finding(PRIVILEGED, CART)], [finding(PRIVILEGED, CART)], []):
        store(database, findings)
        with database.reading() as connection:
            row = find_finding(connection, fingerprint)
        assert row is not None
        revisions.append(row.revision)
    assert revisions[0] == revisions[1] < revisions[2]


def test_clusters_do_not_touch_each_other(database: Database) -> None:
    elsewhere = ResourceRef("v1", "Pod", "x", "shop", "other")
    store(database, [finding(PRIVILEGED, CART)])
    assert store(database, [finding(PRIVILEGED, elsewhere)], "other") == {
        "new": 1,
        "fixed": 0,
        "unchanged": 0,
    }
    assert page(database) == ["cart:privileged:fail:new"]
    with database.reading() as connection:
        assert clusters(connection) == ["local", "other"]


def test_a_run_that_fails_in_the_middle_is_told_and_changes_nothing(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART)])

    def interrupted() -> None:
        with writing_run(database, "local", [], NOW) as writer:
            writer.add_findings([finding(LATEST, WEB)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert page(database) == ["cart:privileged:fail:new"]
    with database.reading() as connection:
        assert len(list_runs(connection)) == 1


def test_the_run_tells_its_inputs_problems_and_summary(database: Database) -> None:
    store(database, [])
    with database.reading() as connection:
        run = latest_run(connection, "local")
    assert run is not None
    assert run.inputs == ["examples"]
    assert run.problems == [Problem("document", "b.yaml:1: broken")]
    assert run.finished_at == NOW


def test_findings_filter_by_every_field(database: Database) -> None:
    store(database, [finding(PRIVILEGED, CART), finding(LATEST, WEB)])
    assert page(database, severity=("low",)) == ["web:tag:fail:new"]
    assert page(database, rule=("privileged",)) == ["cart:privileged:fail:new"]
    assert page(database, remedy=("pin-image",), team=("shop",)) == ["web:tag:fail:new"]
    assert page(database, workload=WEB.key) == ["web:tag:fail:new"]
    assert page(database, text="NO PRIV") == ["cart:privileged:fail:new"]
    assert page(database, text="100%_") == []
    assert page(database, namespace=("elsewhere",)) == []
    with database.reading() as connection:
        assert count_findings(connection, FindingFilter(), "severity") == {"high": 1, "low": 1}


def test_scores_and_fixes_come_back_as_they_were_given(database: Database) -> None:
    factor = Factor("exposed", 2.0, "Ingress shop/web")
    group = FixGroup(
        "pin-image",
        "shop",
        "pin",
        "how",
        Severity.LOW,
        3,
        1.5,
        (FixTarget(WEB, 2, 1.0), FixTarget(CART, 1, 0.5)),
    )
    with writing_run(database, "local", [], NOW) as writer:
        writer.add_resources((ref, Origin("a.yaml"), "shop", ref.key) for ref in (CART, WEB))
        writer.add_findings([finding(LATEST, WEB)])
        writer.apply()
        writer.add_scores([WorkloadScore(WEB, "shop", 40, 20.5, (factor,), ())])
        writer.add_fixes([group])
        writer.finish({}, [], NOW)
    with database.reading() as connection:
        (workload,) = list_workloads(connection, "local")
        (fix,) = list_fixes(connection, writer.run_id)
    assert (workload.score, workload.points, workload.factors) == (40, 20.5, [factor])
    assert workload.open_findings == {"low": 1}
    assert [(target.resource.name, target.findings) for target in fix.targets] == [("web", 2), ("cart", 1)]
    assert (fix.rank, fix.title, fix.points) == (1, "pin", 1.5)
