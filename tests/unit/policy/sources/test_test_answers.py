"""What the files of a test answer."""

from typing import Any

import msgspec
import pytest

from propolis.core.evaluation import Answer
from propolis.policy import lookups
from propolis.policy.model.kyverno_test import GlobalContextMock, TestDocument, Values
from propolis.policy.sources.test_answers import answers_of

DATA = {"deployments": [{"name": "a"}, {"name": "b"}]}


def _answer(projection: str = "", **fields: Any) -> Answer:
    entry = msgspec.convert({"name": "e", **fields}, GlobalContextMock)
    test = TestDocument(global_context_entries=(entry,))
    found = answers_of(test, Values(), (), lambda _names: [{"kind": "Pod"}])
    return found[lookups.global_context_key("e", projection)]


def test_a_global_entry_is_its_data() -> None:
    assert _answer(data=DATA) == Answer(DATA)
    assert _answer(data=DATA, fieldPath="deployments[].name") == Answer(["a", "b"])


def test_a_global_entry_is_a_list_of_resources() -> None:
    assert _answer(resources=[{"kind": "A"}], resourceFiles=["f"]) == Answer([{"kind": "A"}, {"kind": "Pod"}])


def test_projections_are_the_fields_of_the_value() -> None:
    projections = [{"name": "items", "path": "deployments"}, {"name": "n", "path": "length(deployments)"}]
    assert _answer(data=DATA, projections=projections) == Answer({"items": DATA["deployments"], "n": 2})
    assert _answer("n", data=DATA, projections=projections) == Answer(2)


@pytest.mark.parametrize("fields", [{"fieldPath": "a["}, {"projections": [{"name": "a", "path": "a["}]}])
def test_a_wrong_expression_is_an_error_of_the_entry(fields: dict[str, Any]) -> None:
    assert "a[" in _answer(data=DATA, **fields).error
