import pytest

from propolis.core.errors import DocumentError
from propolis.policy.model import kyverno_settings
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.kyverno_settings import (
    KyvernoSettings,
    NameFilter,
    UserPatterns,
    WebhookSelectors,
    parse_settings,
)


def settings(**data: str) -> KyvernoSettings:
    return parse_settings({"apiVersion": "v1", "kind": "ConfigMap", "data": data}, "settings.yaml")


def told(found: KyvernoSettings) -> list[str]:
    return [str(one) for one in found.problems]


def test_without_data_nothing_is_filtered_and_defaults_hold() -> None:
    assert settings() == KyvernoSettings()
    assert parse_settings({"kind": "ConfigMap", "data": None}) == KyvernoSettings()


def test_filters_are_read_with_parts_left_out() -> None:
    found = settings(resourceFilters="[Event,*,*][*/*,kube-system,*] [Node][Pod/binding,a]")
    assert found.filters == (
        NameFilter("Event", "*", "*"),
        NameFilter("*/*", "kube-system", "*"),
        NameFilter("Node"),
        NameFilter("Pod/binding", "a"),
    )
    assert found.problems == ()


def test_filters_that_cannot_be_meant_are_told() -> None:
    found = settings(resourceFilters="[a,b,c,d][][Event, *,*]")
    assert found.filters == (NameFilter("Event", " *", "*"),)
    assert told(found) == [
        "settings.yaml: data.resourceFilters: [a,b,c,d] is left out; expected [KIND,NAMESPACE,NAME]",
        "settings.yaml: data.resourceFilters: [] is left out; expected [KIND,NAMESPACE,NAME]",
        "settings.yaml: data.resourceFilters: [Event, *,*]: its spaces are part of the names",
    ]


def test_there_is_a_limit_of_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kyverno_settings, "MOST_FILTERS", 2)
    found = settings(resourceFilters="[A][B][C][D]")
    assert (len(found.filters), len(found.problems)) == (2, 1)


def test_users_are_excluded_and_kept() -> None:
    found = settings(
        excludeGroups="system:nodes, !system:serviceaccounts:*,,",
        excludeUsernames="! admin,!,kubelet-*",
        excludeRoles="shop:edit",
        excludeClusterRoles="!view",
    )
    assert found.excluded == UserPatterns(("kubelet-*",), ("system:nodes",), ("shop:edit",))
    assert found.included == UserPatterns(("admin",), ("system:serviceaccounts:*",), (), ("view",))


def test_what_webhooks_have_is_json() -> None:
    found = settings(
        webhooks='{"namespaceSelector":{"matchLabels":{"a":"b"}}}',
        webhookAnnotations='{"a":"b"}',
        webhookLabels='{"c":"d"}',
        matchConditions='[{"name":"n","expression":"true"}]',
    )
    assert found.webhook == WebhookSelectors(namespace_selector={"matchLabels": {"a": "b"}})
    assert (found.webhook_annotations, found.webhook_labels) == ({"a": "b"}, {"c": "d"})
    assert found.conditions == (NamedExpression("n", "true"),)


def test_other_keys_are_read() -> None:
    found = settings(
        defaultRegistry="registry.example/a",
        enableDefaultRegistryMutation="F",
        generateSuccessEvents="true",
        successEventActions="Resource Passed, Resource Mutated",
        updateRequestThreshold="-5",
        maxContextSize="1.5Ki",
    )
    assert found == KyvernoSettings(
        default_registry="registry.example/a",
        mutates_default_registry=False,
        generates_success_events=True,
        success_event_actions=frozenset({"Resource Passed", "Resource Mutated"}),
        update_request_threshold=-5,
        max_context_bytes=1536,
    )


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("defaultRegistry", "localhost:5000"),
        ("defaultRegistry", "10.0.0.1"),
        ("enableDefaultRegistryMutation", "yes"),
        ("generateSuccessEvents", ""),
        ("webhooks", '[{"namespaceSelector":{}}]'),
        ("webhookAnnotations", '{"a":1}'),
        ("webhookLabels", "{"),
        ("matchConditions", '[{"name":"n"}]'),
        ("matchConditions", "[" * 100_000),
        ("updateRequestThreshold", "1_000"),
        ("updateRequestThreshold", "9223372036854775808"),
        ("maxContextSize", "much"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_and_its_default_holds(key: str, text: str) -> None:
    found = settings(**{key: text})
    (problem,) = told(found)
    assert problem.startswith(f"settings.yaml: data.{key}: ")
    assert found == KyvernoSettings(problems=found.problems)


@pytest.mark.parametrize("document", [{"kind": "Secret"}, {"kind": "ConfigMap", "data": {"a": 1}}, [], None])
def test_what_is_no_config_map_is_refused(document: object) -> None:
    with pytest.raises(DocumentError, match="the settings"):
        parse_settings(document)
