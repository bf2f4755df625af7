from typing import Any

import pytest

from propolis.core.evaluation import Answer, MissingLookups
from propolis.policy.lookups import namespace_key
from tests.unit.policy.engine.examples import ALICE, findings, pod, policy


def rule(match: str, exclude: str = "") -> str:
    tail = f"\n  exclude: {exclude}" if exclude else ""
    return f"- name: r\n  match: {match}{tail}\n  validate: {{deny: {{}}}}\n"


def is_matched(match: str, document: dict[str, Any], exclude: str = "", **fields: Any) -> bool:
    found = findings(policy(rule(match, exclude)), document, **fields)
    return any(finding.rule.name == "r" for finding in found)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("kinds: [Pod]", True),
        ("kinds: [v1/Pod]", True),
        ("kinds: ['*/Pod']", True),
        ("kinds: ['*']", True),
        ("kinds: [apps/v1/Pod]", False),
        ("kinds: [Pod/exec]", False),
        ("kinds: [pod]", False),
        ("kinds: [Pod], names: ['w*', other]", True),
        ("kinds: [Pod], name: x", False),
        ("kinds: [Pod], namespaces: ['sh?p']", True),
        ("kinds: [Pod], namespaces: [prod]", False),
        ("kinds: [Pod], operations: [UPDATE]", False),
        ("kinds: [Pod], operations: [CREATE, UPDATE]", True),
        ("kinds: [Pod], annotations: {'note/*': '?*'}", True),
        ("kinds: [Pod], annotations: {'note/*': 'z*'}", False),
        ("kinds: [Pod], selector: {matchLabels: {app: web}}", True),
        ("kinds: [Pod], selector: {matchLabels: {'a*': 'w*'}}", True),
        ("kinds: [Pod], selector: {matchLabels: {'b*': '*'}}", False),
        ("kinds: [Pod], selector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}", True),
        ("kinds: [Pod], selector: {matchExpressions: [{key: app, operator: Resembles}]}", False),
    ],
)
def test_all_fields_of_a_description_must_hold(resources: str, expected: bool) -> None:  # noqa: FBT001
    document = pod()
    document["metadata"] |= {"labels": {"app": "web"}, "annotations": {"note/a": "b"}}
    assert is_matched(f"{{any: [{{resources: {{{resources}}}}}]}}", document) is expected


def test_all_filters_of_all_and_one_of_any_must_hold() -> None:
    one, other = "{resources: {kinds: [Pod]}}", "{resources: {kinds: [Pod], namespaces: [prod]}}"
    assert is_matched(f"{{any: [{other}, {one}]}}", pod())
    assert not is_matched(f"{{all: [{one}, {other}]}}", pod())


def test_an_older_match_without_any_and_all_is_one_filter() -> None:
    assert is_matched("{resources: {kinds: [Pod], namespaces: [shop]}}", pod())


def test_exclude_takes_resources_out() -> None:
    match = "{any: [{resources: {kinds: [Pod]}}]}"
    assert not is_matched(match, pod(), "{any: [{resources: {namespaces: [shop]}}]}")
    assert is_matched(match, pod(), "{any: [{resources: {namespaces: [prod]}}]}")
    both = "{all: [{resources: {namespaces: [shop]}}, {resources: {names: [x]}}]}"
    assert is_matched(match, pod(), both)
    assert is_matched(match, pod(), "{any: [{resources: {}}]}")


def test_users_count_only_when_somebody_asks() -> None:
    match = "{any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: 'ali*'}]}]}"
    assert is_matched(match, pod(), user=ALICE)
    assert is_matched(match, pod())
    other = "{any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}"
    assert not is_matched(other, pod(), user=ALICE)
    assert not is_matched("{any: [{subjects: [{kind: Group, name: dev}]}]}", pod())
    assert is_matched("{any: [{subjects: [{kind: Group, name: dev}]}]}", pod(), user=ALICE)


def test_an_excluded_user_is_excluded_only_when_it_asks() -> None:
    match, exclude = "{any: [{resources: {kinds: [Pod]}}]}", "{any: [{clusterRoles: [view]}]}"
    assert is_matched(match, pod(), exclude)
    assert not is_matched(match, pod(), exclude, user=ALICE)


def test_a_namespace_selector_asks_for_the_namespace() -> None:
    match = "{any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]}"
    with pytest.raises(MissingLookups) as question:
        is_matched(match, pod())
    assert question.value.keys == {namespace_key("shop")}
    labelled = {"metadata": {"labels": {"env": "prod"}}}
    assert is_matched(match, pod(), lookups={namespace_key("shop"): Answer(labelled)})
    assert not is_matched(match, pod(), lookups={namespace_key("shop"): Answer()})


def test_a_namespace_has_its_name_label_even_when_it_is_unknown() -> None:
    label = "kubernetes.io/metadata.name: shop"
    match = f"{{any: [{{resources: {{kinds: [Pod], namespaceSelector: {{matchLabels: {{{label}}}}}}}}}]}}"
    assert is_matched(match, pod(), lookups={namespace_key("shop"): Answer()})


def test_a_namespace_is_meant_by_its_name() -> None:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}
    assert is_matched("{any: [{resources: {kinds: [Namespace], namespaces: [prod]}}]}", document)
