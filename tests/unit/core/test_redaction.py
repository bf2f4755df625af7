"""Secrets do not get into what is kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.redaction import DEEPEST, LAST_APPLIED, REDACTED, redacted

SECRET = "c3VyZSBub3QgdGhpcw=="  # noqa: S105  # what must not be seen again


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Secret", "data": {"key": SECRET}},
        {"kind": "Secret", "stringData": {"key": SECRET}},
        {"kind": "Secret", "data": SECRET},
        {
            "kind": "Secret",
            "metadata": {"annotations": {LAST_APPLIED: json.dumps({"data": SECRET, "kind": "Secret"})}},
        },
        {"kind": "SecretList", "items": [{"metadata": {"name": "a"}, "data": {"key": SECRET}}]},
        {"kind": "List", "items": [{"kind": "Secret", "data": {"key": SECRET}}]},
        {"object": {"kind": "Secret", "data": {"key": SECRET}}, "oldObject": None},
        {"kind": "ConfigMap", "data": {"DB_PASSWORD": SECRET}},
        {"kind": "ConfigMapList", "items": [{"data": {"apiKey": SECRET}}]},
        {"spec": {"containers": [{"env": [{"name": "API_TOKEN", "value": SECRET}]}]}},
        {"spec": {"containers": [{"args": ["serve", f"--db-password={SECRET}"]}]}},
        {"metadata": {"annotations": {LAST_APPLIED: f'{{"env":[{{"name":"TOKEN","value":"{SECRET}"}}]}}'}}},
    ],
)
def test_a_secret_is_not_seen_again(document: Any) -> None:
    before = json.dumps(document)
    assert SECRET not in json.dumps(redacted(document))
    assert json.dumps(document) == before


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Pod", "spec": {"containers": [{"image": "a", "args": ["--port=80"]}]}},
        {"spec": {"env": [{"name": "TOKEN_FILE", "value": "/run/token"}, {"name": "A", "value": "b"}]}},
        {"spec": {"volumes": [{"secret": {"secretName": "tls"}}], "serviceAccountName": "a"}},
        {"kind": "ConfigMap", "data": {"game.properties": "lives=3"}},
    ],
)
def test_what_is_no_secret_stays_the_same_object(document: Any) -> None:
    assert redacted(document) is document


def test_keys_of_a_secret_stay() -> None:
    found = redacted({"kind": "Secret", "type": "Opaque", "data": {"a": SECRET, "b": SECRET}})
    assert list(found["data"]) == ["a", "b"]
    assert found["type"] == "Opaque"


def test_what_is_nested_too_deep_is_taken_out() -> None:
    document: Any = "x"
    for _ in range(DEEPEST + 10):
        document = [document]
    found = redacted(document)
    while isinstance(found, list):
        found = found[0]
    assert found == REDACTED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["kind", "data", "items"]), inner)
    ),
)


@given(JSON)
def test_any_value_may_come(document: Any) -> None:
    assert redacted(redacted(document)) == redacted(document)
