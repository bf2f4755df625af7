"""Policies as a scan runs them."""

import json
from typing import Any

from propolis.policy.controllers.units import ScanRules, scan_rules
from propolis.policy.model import parse_policy
from propolis.policy.sources.documents import read_policies
from tests.harness import scan_policies as policies

POD = ("", "v1", "Pod")


def named(number: int, label: str = "team") -> Any:
    document = policies.labelled(label)
    document["metadata"]["name"] = f"p-{number:03}"
    return parse_policy(document)


def rules_of(*documents: Any) -> ScanRules:
    text = "\n---\n".join(map(json.dumps, documents))
    read = read_policies(text.encode(), "all")
    return scan_rules(read.policies, read.exceptions, read.bindings)


def test_kinds_that_many_policies_name_are_looked_at_once() -> None:
    rules = scan_rules([named(number) for number in range(100)])
    assert len(rules.for_kind(*POD)) == 100
    assert rules.for_kind("apps", "v1", "Deployment") == rules.for_kind(*POD)
    assert rules.for_kind("", "v1", "Secret") == frozenset()
    assert len(rules._alike) < 5


def test_what_has_not_changed_is_not_compiled_again() -> None:
    before = scan_rules([named(number) for number in range(10)])
    after = scan_rules(
        [named(number, "app" if number == 3 else "team") for number in range(1, 11)], before=before
    )
    assert after.changed_from(before) == {f"ClusterPolicy//p-{number:03}" for number in (0, 3, 10)}
    kept = {key for key in after.units if after.units[key] is before.units.get(key)}
    assert len(kept) == 8


def test_of_two_policies_of_one_name_the_later_counts() -> None:
    rules = scan_rules([named(1), named(1, "app")])
    assert rules.changed_from(scan_rules([named(1, "app")])) == frozenset()


def test_a_policy_that_becomes_one_for_no_scan_goes() -> None:
    off = policies.labelled("app")
    off["spec"]["background"] = False
    assert rules_of(policies.labelled("team"), off).units == {}


def test_whether_a_policy_enforces_is_known() -> None:
    enforced = policies.labelled("team")
    enforced["spec"]["validationFailureAction"] = "Enforce"
    (unit,) = rules_of(enforced).units.values()
    assert unit.enforces
    (unit,) = rules_of(policies.labelled("team")).units.values()
    assert not unit.enforces


def test_a_policy_that_verifies_images_is_evaluated_apart() -> None:
    rule = {
        "name": "signed",
        "match": policies.PODS,
        "verifyImages": [
            {"imageReferences": ["*"], "attestors": [{"entries": [{"keys": {"publicKeys": "k"}}]}]}
        ],
    }
    rules = rules_of(policies.cluster_policy("signed", rule), policies.labelled("team"))
    assert [unit.is_apart for unit in rules.units.values()] == [False, True]
    assert [len({one.rule.policy for one in part.rules}) for part in rules.whole] == [1, 1]
