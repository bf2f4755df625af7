"""Counts of what a store holds of one cluster, by looking at every finding."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, select

from propolis.core.finding import OPEN_OUTCOMES
from propolis.store.schema import findings, resources, rules


def counts_of(connection: Connection, cluster: str) -> dict[str, Any]:
    """Findings by outcome; open ones by severity and by source; as the summary of a run has them."""
    kind = (findings.c.outcome, findings.c.severity, rules.c.source)
    query = (
        select(*kind, func.count())
        .join(resources, resources.c.id == findings.c.resource_id)
        .join(rules, rules.c.id == findings.c.rule_id)
        .where(resources.c.cluster == cluster, findings.c.deleted_revision.is_(None))
        .group_by(*kind)
    )
    outcomes: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for outcome, severity, source, number in connection.execute(query):
        outcomes[outcome] += number
        if outcome in OPEN_OUTCOMES:
            severities[severity] += number
            sources[source] += number
    return {
        "outcomes": dict(outcomes),
        "severities": dict(severities),
        "sources": dict(sources),
        "resources": _judged(connection, cluster),
        "workloads": 0,
        "points": 0.0,
        "images": {"named": 0, "scanned": 0},
    }


def _judged(connection: Connection, cluster: str) -> int:
    query = (
        select(func.count(func.distinct(findings.c.resource_id)))
        .join(resources, resources.c.id == findings.c.resource_id)
        .where(resources.c.cluster == cluster, findings.c.deleted_revision.is_(None))
    )
    return connection.execute(query).scalar_one()
