"""Entries of the corpus that name permissions: a role set with them triggers, one that lacks any does not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from propolis import compliance
from propolis.core.inventory import Inventory
from propolis.core.resource import Document
from tests.conformance.rbac.role_sets import HOLDER, Permission, permissions_of, role_set
from tests.conformance.rbac.test_conditions import ENTRIES as CONDITIONS
from tests.harness.corpora import Suite, corpora, corpus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = compliance.rbac_rules()
SUITE = Suite("rbac", __file__)


def _entries() -> Iterator[Document]:
    for path in sorted((corpora() / "rbac").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            yield json.loads(line)


ENTRIES = {f"{entry['source']}:{entry['id']}": entry for entry in _entries()}
KNOWN_AS: dict[str, set[str]] = {}
for _grant in RULES.grants:
    for _name in _grant.grant.known_as:
        KNOWN_AS.setdefault(_name, set()).add(_grant.id)


def _needs(entry: Document) -> list[list[Permission]]:
    """For each need of an entry, the permissions that meet it; empty for entries of another sort."""
    needs = entry.get("needs_all_of") or []
    if any("annotation" in need for need in needs):
        return []
    if needs:
        return [permissions_of(need) for need in needs]
    return [
        [Permission(group, resource, verb)]
        for grant in entry.get("grants", [])
        for group in grant["apiGroups"]
        for resource in grant["resources"]
        for verb in grant["verbs"]
    ]


def _namespace(entry: Document) -> str:
    return "shop" if "unprivileged namespaces only" in entry.get("scope", "") else ""


def _combinations(needs: list[list[Permission]]) -> Iterator[list[Permission]]:
    """Every permission once, with the first of each other need."""
    for place, permissions in enumerate(needs):
        for permission in permissions:
            yield [permission if other == place else need[0] for other, need in enumerate(needs)]


def _open(inventory: Inventory) -> set[str]:
    found = compliance.rbac.evaluate(RULES, inventory, {}, NOW).findings
    return {finding.rule.name for finding in found if finding.is_open}


BROADER = {
    "krane:risky-exec-pods": "running commands is risky without reading pods",
    "krane:risky-attach-pods": "attaching is risky without reading pods",
    "krane:risky-create-rolebinding-role": "bind is risky by itself, as rbac-police says",
    "krane:risky-create-rolebinding-clusterrole": "bind is risky by itself, as rbac-police says",
    "krane:risky-add-rolebinding": "a binding can be changed without reading it first",
}
"""Entries of which our grant needs only a part."""

BY_PERMISSION = sorted(name for name, entry in ENTRIES.items() if _needs(entry))


def test_every_entry_is_covered_or_listed() -> None:
    corpus("rbac")
    left = sorted(set(ENTRIES) - set(BY_PERMISSION) - set(CONDITIONS))
    SUITE.settle_all((name, False, "no grant or rule covers it") for name in left)


@pytest.mark.parametrize("name", BY_PERMISSION)
def test_each_sufficient_role_set_triggers(name: str) -> None:
    entry = ENTRIES[name]
    wanted = KNOWN_AS.get(name, set())
    missed = []
    for permissions in _combinations(_needs(entry)):
        inventory = role_set(permissions, _namespace(entry))
        risky = set(compliance.permissions_of(inventory, RULES).risky(HOLDER))
        if not wanted & risky & _open(inventory):
            missed.append(permissions)
    SUITE.settle(name, is_right=not missed, why=missed)


@pytest.mark.parametrize("name", BY_PERMISSION)
def test_a_role_set_that_lacks_a_need_does_not_trigger(name: str) -> None:
    entry = ENTRIES[name]
    needs = _needs(entry)[:1] if name in BROADER else _needs(entry)
    for lacking in needs:
        others = [need for need in needs if need is not lacking]
        rest = [next(one for one in need if one not in lacking) for need in others]
        harmless = Permission(lacking[0].group, lacking[0].resource, "look-at")
        inventory = role_set([*rest, harmless], _namespace(entry))
        assert not KNOWN_AS[name] & set(compliance.permissions_of(inventory, RULES).risky(HOLDER)), harmless
        assert not KNOWN_AS[name] & _open(inventory), harmless


@pytest.mark.parametrize("name", BY_PERMISSION)
def test_wildcards_count_as_the_permission(name: str) -> None:
    entry = ENTRIES[name]
    wide = [Permission("*", need[0].resource, "*") for need in _needs(entry)]
    inventory = role_set(wide, _namespace(entry))
    expected = {"everything"} if Permission("*", "*", "*") in wide else KNOWN_AS[name]
    assert expected & set(compliance.permissions_of(inventory, RULES).risky(HOLDER))
