"""Kinds that policies name, against what an API server serves."""

from typing import Any

import pytest

from propolis.policy.engine.wrong_kinds import wrong_kinds
from propolis.policy.model.parse import parse_policy

SERVED = frozenset(
    {
        ("", "v1", "Namespace", ""),
        ("", "v1", "Pod", ""),
        ("", "v1", "Pod", "exec"),
        ("", "v1", "Pod", "ephemeralcontainers"),
        ("apps", "v1", "Deployment", ""),
        ("apps", "v1", "Deployment", "scale"),
        ("authorization.k8s.io", "v1", "SubjectAccessReview", ""),
    }
)
WIDE = frozenset({("", "v1", "Namespace", "")})
CHANGE: dict[str, Any] = {"mutate": {"patchStrategicMerge": {"a": "b"}}}


def wrong(*kinds: str, way: str = "match", background: bool = False, **action: Any) -> list[tuple[Any, ...]]:
    match = {"any": [{"resources": {"kinds": list(kinds)}}]}
    rule = (
        {"name": "r", "match": match, "exclude": match} if way == "exclude" else {"name": "r", "match": match}
    )
    rule |= action or {"validate": {"deny": {}}}
    document = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {"background": background, "rules": [rule]},
    }
    return [one.path for one in wrong_kinds(parse_policy(document), SERVED, WIDE)]


@pytest.mark.parametrize(
    "kind",
    [
        "Pod",
        "v1/Pod",
        "Pod/exec",
        "Pod/*",
        "apps/v1/Deployment",
        "Deployment/scale",
        "*/exec",
        "*",
        "*/*",
        "P?d",
    ],
)
def test_what_is_served_may_be_named(kind: str) -> None:
    assert wrong(kind) == []


@pytest.mark.parametrize("kind", ["Widget", "v2/Pod", "Pod/scale", "Scale", "Widget/*", "apps/v1/Pod"])
def test_what_is_not_served_is_wrong_where_it_is_named(kind: str) -> None:
    place = ("rules", 0, "match", "any", 0, "resources", "kinds", 1)
    assert wrong("Pod", kind) == [place]
    assert wrong("Pod", kind, way="exclude") == [place, (*place[:2], "exclude", *place[3:])]


@pytest.mark.parametrize("kind", ["Pod/exec", "Pod/*", "*/*", "*/scale"])
def test_no_scan_looks_at_subresources(kind: str) -> None:
    assert len(wrong(kind, background=True)) == 1
    assert wrong(kind, background=True, **CHANGE) == []


def test_kinds_that_have_subresources_are_scanned() -> None:
    assert wrong("Pod", "Deployment", "SubjectAccessReview", background=True) == []


@pytest.mark.parametrize(
    ("kinds", "count"), [(["Namespace"], 1), (["v1/Namespace", "Pod"], 1), (["*", "Pod"], 0)]
)
def test_a_policy_of_a_namespace_is_for_nothing_outside(kinds: list[str], count: int) -> None:
    rule = {"name": "r", "match": {"all": [{"resources": {"kinds": kinds}}]}, "validate": {"deny": {}}}
    policy = {"apiVersion": "kyverno.io/v1", "metadata": {"name": "p"}, "spec": {"rules": [rule]}}
    assert not list(wrong_kinds(parse_policy({**policy, "kind": "ClusterPolicy"}), SERVED, WIDE))
    own = {**policy, "kind": "Policy", "metadata": {"name": "p", "namespace": "shop"}}
    found = list(wrong_kinds(parse_policy(own), SERVED, WIDE))
    assert [one.path[:5] for one in found] == [("rules", 0, "match", "all", 0)] * count
