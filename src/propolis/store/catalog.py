"""Numbers for rules and resources: each is stored once, findings refer to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, update

from propolis.core.finding import Rule
from propolis.core.resource import Origin, ResourceRef
from propolis.store.bulk import insert_rows
from propolis.store.schema import resources, rules


class StoredRule(msgspec.Struct, frozen=True):
    """A rule and what rows need of it. It holds the rule, so that its identity stays its own."""

    rule: Rule
    key: str
    number: int
    severity: str


class Catalog:
    """Known rules and resources of one cluster, by key; new ones are written when first met."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        known = select(resources.c.key, resources.c.id).where(resources.c.cluster == cluster)
        self._resources: dict[str, int] = _numbers(connection, known)
        self._rules: dict[str, int] = _numbers(connection, select(rules.c.key, rules.c.id))
        self._met: dict[int, StoredRule] = {}

    def rebind(self, connection: Connection) -> None:
        """Writes on another connection from now on, for one that outlives a transaction."""
        self._connection = connection

    def rule(self, rule: Rule) -> "StoredRule":
        """A rule as stored; its texts are brought up to date once a run."""
        met = self._met.get(id(rule))
        if met is None:
            number = self._write(rules, self._rules, rule.key, _rule_values(rule))
            met = self._met[id(rule)] = StoredRule(rule, rule.key, number, rule.severity.value)
        return met

    def resource(self, ref: ResourceRef) -> int:
        """The number of a resource; one that was never met is written."""
        number = self._resources.get(ref.key)
        if number is None:
            self.add_resources([ref])
            number = self._resources[ref.key]
        return number

    def number(self, key: str) -> int:
        """The number of a resource that was met."""
        return self._resources[key]

    def add_resources(self, refs: Iterable[ResourceRef]) -> int:
        """Writes those that were never met, all at once; those numbered above what it returns are new."""
        keyed = {ref.key: ref for ref in refs}
        return self._add([resource_values(ref) for key, ref in keyed.items() if key not in self._resources])

    def register(self, rows: Iterable[dict[str, Any]]) -> None:
        """Writes the resources of a run (rows of `resource_values`) before its findings come."""
        new: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for row in rows:
            number = self._resources.get(row["key"])
            if number is None:
                new.append(row)
            else:
                known.append({f"new_{name}": value for name, value in row.items()} | {"number": number})
        self._add(new)
        if known:
            values: dict[str, Any] = {
                column.name: bindparam(f"new_{column.name}") for column in resources.c if column.name != "id"
            }
            self._connection.execute(
                update(resources).where(resources.c.id == bindparam("number")).values(values), known
            )

    def _add(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Numbers go on from the highest: who writes is alone in the store."""
        query = select(func.coalesce(func.max(resources.c.id), 0))
        highest = int(self._connection.execute(query).scalar_one())
        columns = [column.name for column in resources.c if column.name != "id"]
        numbered = list(enumerate(rows, highest + 1))
        insert_rows(
            self._connection,
            resources,
            [(number, *(row[column] for column in columns)) for number, row in numbered],
        )
        self._resources.update((row["key"], number) for number, row in numbered)
        return highest

    def _write(self, table: Table, numbers: dict[str, int], key: str, values: Mapping[str, Any]) -> int:
        number = numbers.get(key)
        if number is not None:
            self._connection.execute(update(table).where(table.c.id == number).values(values))
            return number
        inserted = self._connection.execute(insert(table), dict(values)).inserted_primary_key
        number = numbers[key] = int(inserted[0]) if inserted else 0
        return number


def _numbers(connection: Connection, query: Select[str, int]) -> dict[str, int]:
    return {key: number for key, number in connection.execute(query)}  # noqa: C416  # typed rows


def _rule_values(rule: Rule) -> dict[str, Any]:
    return {
        "key": rule.key,
        "source": rule.source,
        "policy": rule.policy,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity.value,
        "category": rule.category,
        "remedy": rule.remedy,
        "remediation": rule.remediation,
        "scored": rule.scored,
    }


def resource_values(
    ref: ResourceRef, origin: Origin | None = None, team: str = "", workload_key: str | None = None
) -> dict[str, Any]:
    """The row of a resource."""
    return {
        "key": ref.key,
        "cluster": ref.cluster,
        "api_version": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "uid": ref.uid,
        "origin_path": origin.path if origin else "",
        "origin_line": origin.line if origin else 0,
        "team": team,
        "workload_key": workload_key,
    }
