import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.assessment import Factor, Weakness
from propolis.core.finding import Finding, Outcome, Rule, Severity
from propolis.core.resource import ResourceRef
from propolis.insight.ledger import Ledger, Standing
from propolis.insight.score import finding_points, points_removed, score_of, total_points

CART = ResourceRef("apps/v1", "Deployment", "cart", "shop", "local")
WEB = ResourceRef("apps/v1", "Deployment", "web", "shop", "local")
POD = ResourceRef("v1", "Pod", "web-1", "shop", "local")
ROLE = ResourceRef("rbac.authorization.k8s.io/v1", "ClusterRole", "all", "", "local")
ROOT = Rule("policy", "non-root", "run-as-non-root", severity=Severity.MEDIUM, remedy="set-run-as-non-root")
ROOT_AUDIT = Rule(
    "config-audit", "config-audit", "KSV-0012", severity=Severity.HIGH, remedy="set-run-as-non-root"
)
OWN = Rule("policy", "our-own", "check", title="Our own rule", severity=Severity.LOW)

pytestmark = pytest.mark.engine


def ledger(*findings: Finding) -> Ledger:
    standings = {
        CART.key: Standing(CART, "shop", is_workload=True),
        WEB.key: Standing(WEB, "shop", is_workload=True),
        POD.key: Standing(WEB, "shop", is_workload=True),
        ROLE.key: Standing(ROLE, "platform", is_workload=False),
    }
    made = Ledger(standings)
    for finding in findings:
        made.add(finding)
    return made


def fail(rule: Rule, resource: ResourceRef, outcome: Outcome = Outcome.FAIL) -> Finding:
    return Finding(rule, resource, outcome)


def test_findings_of_several_engines_with_one_remedy_are_one_weakness_as_bad_as_the_worst() -> None:
    (weakness,) = ledger(fail(ROOT, CART), fail(ROOT_AUDIT, CART)).weaknesses(CART.key)
    assert (weakness.severity, weakness.points, weakness.findings) == (Severity.HIGH, 8.0, 2)


def test_findings_of_a_pod_count_for_its_owner() -> None:
    assert [
        weakness.findings for weakness in ledger(fail(ROOT, POD), fail(ROOT, WEB)).weaknesses(WEB.key)
    ] == [2]


def test_a_workload_without_findings_scores_zero_and_is_listed() -> None:
    scores = ledger(fail(ROOT, CART)).scores(lambda _ref, _found: ())
    assert [(score.resource.name, score.score) for score in scores] == [("cart", 3), ("web", 0)]


def test_what_is_no_workload_gets_no_score_but_a_fix() -> None:
    made = ledger(fail(ROOT, ROLE))
    scores = made.scores(lambda _ref, _found: ())
    assert ROLE not in [score.resource for score in scores]
    assert [fix.title for fix in made.fixes(scores)] == [
        "Set runAsNonRoot: true in ClusterRole all of platform"
    ]


def test_fixes_group_by_change_and_team_the_most_risk_first() -> None:
    made = ledger(fail(ROOT, CART), fail(ROOT_AUDIT, CART), fail(ROOT, WEB), fail(OWN, WEB))
    exposed = Factor("exposed", 2.0, "")
    fixes = made.fixes(made.scores(lambda ref, _found: (exposed,) if ref == WEB else ()))
    told = [(fix.title, fix.findings, fix.points, len(fix.targets)) for fix in fixes]
    assert told == [
        ("Set runAsNonRoot: true in 2 Deployments of shop", 3, 8.0 + 2 * 3.0, 2),
        ("Satisfy Our own rule in Deployment web of shop", 1, 2.0, 1),
    ]


def test_a_remedy_that_takes_a_factor_away_removes_the_risk_that_the_factor_added() -> None:
    privileged = Factor("privileged", 3.0, "", "drop-privileged")
    weaknesses = (
        Weakness("drop-privileged", "", Severity.HIGH, 8.0, 1),
        Weakness("set-run-as-non-root", "", Severity.MEDIUM, 3.0, 1),
    )
    assert total_points(weaknesses, [privileged]) == 33.0
    assert points_removed(11.0, weaknesses[0], [privileged]) == 30.0
    assert points_removed(11.0, weaknesses[1], [privileged]) == 9.0


def test_warnings_count_half_and_errors_nothing() -> None:
    assert [finding_points(Severity.HIGH, outcome) for outcome in Outcome] == [0.0, 8.0, 4.0, 0.0, 0.0]


def test_counts_tell_open_findings_by_severity_and_source() -> None:
    made = ledger(fail(ROOT, CART), fail(ROOT_AUDIT, CART, Outcome.WARN), fail(OWN, WEB, Outcome.PASS))
    assert made.counts() == {
        "outcomes": {"fail": 1, "warn": 1, "pass": 1},
        "severities": {"medium": 1, "high": 1},
        "sources": {"policy": 1, "config-audit": 1},
    }


def test_every_finding_is_counted_in_exactly_one_fix() -> None:
    findings = [fail(rule, ref) for rule in (ROOT, ROOT_AUDIT, OWN) for ref in (CART, WEB, POD, ROLE)]
    made = ledger(*findings)
    assert sum(fix.findings for fix in made.fixes(made.scores(lambda _ref, _found: ()))) == len(findings)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(1, 3), st.floats(1, 3))
def test_mending_everything_removes_all_points_and_no_part_removes_more(
    points: list[float], a: float, b: float
) -> None:
    weaknesses = [Weakness(f"r{n}", "", Severity.LOW, value, 1) for n, value in enumerate(points)]
    factors = [Factor("a", a, "", "r0"), Factor("b", b, "")]
    total = total_points(weaknesses, factors)
    for weakness in weaknesses:
        removed = points_removed(sum(points), weakness, factors)
        assert -1e-9 <= removed <= total + 1e-9


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_score_stays_in_its_range_and_grows_with_points(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= score_of(low) <= score_of(high) <= 100
