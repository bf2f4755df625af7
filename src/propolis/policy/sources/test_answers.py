"""Answers that a test's files give to the look-ups of its policies."""

from collections.abc import Callable, Iterable
from typing import Any

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, reference_of
from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.policy import lookups
from propolis.policy.model.kyverno_test import ApiCallMock, GlobalContextMock, TestDocument, Values

Read = Callable[[tuple[str, ...]], list[Document]]
_FIRST_ERROR = 300


def answers_of(
    test: TestDocument, values: Values, cluster: Iterable[Document], read: Read
) -> dict[LookupKey, Answer]:
    """Namespaces, ConfigMaps, API calls and global entries, as the files have them."""
    answers: dict[LookupKey, Answer] = {}
    for document in cluster:
        answers |= _cluster_answers(document)
    for labels in values.namespace_selector or ():
        document = {"metadata": {"name": labels.name, "labels": labels.labels or {}}}
        answers[lookups.namespace_key(labels.name)] = Answer(document)
    for namespace in values.namespaces or ():
        answers[lookups.namespace_key(reference_of(namespace).name)] = Answer(namespace)
    for mock in test.api_call_responses:
        answers |= _call_answers(mock)
    for entry in test.global_context_entries:
        answers |= _global_answers(entry, read)
    return answers


def _cluster_answers(document: Document) -> dict[LookupKey, Answer]:
    ref = reference_of(document)
    if ref.kind == "ConfigMap":
        return {lookups.config_map_key(ref.namespace or "default", ref.name): Answer(document)}
    if ref.kind == "Namespace":
        return {lookups.namespace_key(ref.name): Answer(document)}
    return {}


def _call_answers(mock: ApiCallMock) -> dict[LookupKey, Answer]:
    """The same answer for the API server and for a service: a test tells them apart by the URL alone."""
    url = mock.url or mock.url_path
    status = mock.response.status_code or 200
    answer = Answer(mock.response.body) if status < _FIRST_ERROR else Answer(error=f"HTTP {status}")
    methods = [mock.method.upper()] if mock.method else ["GET", "POST"]
    found: dict[LookupKey, Answer] = {}
    for method in methods:
        found[lookups.api_call_key(method, url)] = answer
        found[lookups.service_call_key(method, url)] = answer
        told = {"body": mock.response.body, "statusCode": status}
        found[lookups.http_call_key(method, url)] = Answer(told)
    return found


def _global_answers(entry: GlobalContextMock, read: Read) -> dict[LookupKey, Answer]:
    """The entry as Kyverno's tests have it: its projections are the fields of its value."""
    try:
        data, found = _global_data(entry, read), {}
        for projection in entry.projections or ():
            found[projection.name] = compile_expression(projection.path).search(data)
    except ExpressionError as error:
        return {lookups.global_context_key(entry.name): Answer(error=error.message)}
    answers = {lookups.global_context_key(entry.name, name): Answer(value) for name, value in found.items()}
    return answers | {lookups.global_context_key(entry.name): Answer(found if entry.projections else data)}


def _global_data(entry: GlobalContextMock, read: Read) -> Any:
    data = entry.data
    if data is None:
        data = [*(entry.resources or ()), *(read(entry.resource_files) if entry.resource_files else ())]
    return compile_expression(entry.field_path).search(data) if entry.field_path else data
