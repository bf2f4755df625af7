from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.lang.label_selector import compile_selector, equality_selector

WEB = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchLabels": {"app": ""}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api", "web"]}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "Exists", "values": []}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, True),
        (
            {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}],
            },
            False,
        ),
    ],
)
def test_a_selector_selects_labels(document: Any, *, expected: bool) -> None:
    assert compile_selector(document).matches(WEB) is expected


def test_an_empty_selector_says_so() -> None:
    assert compile_selector({}).is_empty
    assert not compile_selector({"matchLabels": {"app": "web"}}).is_empty


def test_a_selector_reads_as_kubectl_writes_it() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "zone", "operator": "DoesNotExist"},
    ]
    selector = compile_selector({"matchLabels": {"app": "web"}, "matchExpressions": expressions})
    assert selector.text == "app=web,tier in (a,b),!zone"


def test_pairs_that_are_demanded_can_be_indexed() -> None:
    one = {"key": "tier", "operator": "In", "values": ["front"]}
    selector = compile_selector({"matchLabels": {"app": "web"}, "matchExpressions": [one]})
    assert selector.pairs == (("app", "web"), ("tier", "front"))


def test_a_service_without_a_selector_selects_nothing() -> None:
    assert not equality_selector({}).matches(WEB)
    assert not equality_selector(None).matches(WEB)
    assert equality_selector({"app": "web"}).matches(WEB)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "spec.podSelector is not a map"),
        ({"matchLabels": []}, "spec.podSelector.matchLabels is not a map"),
        ({"matchLabels": {"app": 3}}, "spec.podSelector.matchLabels.app 3 is not a label value"),
        ({"matchLabels": {"-app": "x"}}, "'-app' is not a label key"),
        ({"matchLabels": {"Shop_Example/app": "x"}}, "'Shop_Example/app' is not a label key"),
        ({"matchLabels": {"app": "x" * 64}}, "is not a label value"),
        ({"matchLabels": {"app": "web "}}, "'web ' is not a label value"),
        ({"matchExpressions": {}}, "spec.podSelector.matchExpressions is not a list"),
        ({"matchExpressions": ["app"]}, "spec.podSelector.matchExpressions[0] is not a map"),
        ({"matchExpressions": [{"operator": "Exists"}]}, "matchExpressions[0].key None is not a label key"),
        ({"matchExpressions": [{"key": "a", "operator": "Is"}]}, "'Is' is no operator"),
        ({"matchExpressions": [{"key": "a", "operator": "In"}]}, "is empty, which In does not allow"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": "b"}]}, "values is not a list"),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
            "has values, which Exists does not take",
        ),
    ],
)
def test_what_the_api_server_refuses_is_refused_with_its_field(document: Any, problem: str) -> None:
    with pytest.raises(DocumentError, match="expected") as error:
        compile_selector(document, "spec.podSelector")
    assert problem in str(error.value)
