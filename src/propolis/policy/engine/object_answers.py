"""Answers questions to an API server from documents at hand: files of a test, a snapshot, what is applied.

What the documents do not hold does not exist.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, ResourceRef, reference_of
from propolis.lang.api_path import ApiPath, compile_fields, compile_labels, parse_api_path
from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.lang.label_selector import compile_selector, text_labels
from propolis.lang.plural import Plurals
from propolis.lang.wildcard import matches
from propolis.policy import lookups
from propolis.policy.model.global_context import GlobalContextEntry


class ObjectAnswers:
    """Documents, by what policies may ask of them.

    Args:
        documents: Objects; CustomResourceDefinitions among them tell how kinds are called in paths.
        entries: Global entries; those of a kind of resource are answered from the documents.
    """

    def __init__(self, documents: Iterable[Document], entries: Iterable[GlobalContextEntry] = ()) -> None:
        self._documents = [(reference_of(document), document) for document in documents]
        self._plurals = Plurals(document for _, document in self._documents)
        self._entries = {entry.name: entry for entry in entries}
        self._ways: dict[str, Callable[[tuple[str, ...]], Answer]] = {
            lookups.RESOURCES: self._resources,
            lookups.API_CALL: self._api_call,
            lookups.NAMESPACE: lambda arguments: self._named("Namespace", "", *arguments),
            lookups.CONFIG_MAP: lambda arguments: self._named("ConfigMap", *arguments),
            lookups.GLOBAL_CONTEXT: self._global,
            lookups.RESOURCE_NAME: self._plural,
        }

    def fetch(self, keys: Iterable[LookupKey]) -> Mapping[LookupKey, Answer]:
        """An answer for every key."""
        return {key: self.answer(key) for key in keys}

    def answer(self, key: LookupKey) -> Answer:
        """What the documents say; nothing to questions that no document can answer."""
        way = self._ways.get(key.kind)
        try:
            return Answer() if way is None else way(key.arguments)
        except DocumentError as error:
            return Answer(error=error.message)

    def _named(self, kind: str, namespace: str, name: str) -> Answer:
        for ref, document in self._documents:
            if (ref.group, ref.kind, ref.name) == ("", kind, name) and namespace in (
                "",
                ref.namespace or "default",
            ):
                return Answer(document)
        return Answer()

    def _resources(self, arguments: tuple[str, ...]) -> Answer:
        api_version, kind, namespace, name, selector = arguments
        labels = compile_selector(msgspec.json.decode(selector)).matches if selector else _anything
        kind = kind.partition("/")[0]
        return Answer(
            [
                document
                for ref, document in self._documents
                if _fits(api_version, ref.api_version)
                and _fits(kind, ref.kind)
                and _fits(namespace, ref.namespace)
                and _fits(name, ref.name)
                and labels(_labels(document))
            ]
        )

    def _api_call(self, arguments: tuple[str, ...]) -> Answer:
        method, text, *_ = arguments
        path = parse_api_path(text)
        if method != "GET" or path is None:
            return Answer(error=f"{method} {text} needs a live cluster")
        if path.name:
            return next(map(Answer, self._at(path)), Answer())
        return Answer(_list_of(path, list(self._at(path))))

    def _at(self, path: ApiPath) -> Iterable[Document]:
        """The objects that a path names; a subresource of an object is answered by the object."""
        labels = compile_labels(path.label_selector) if path.label_selector else _anything
        fields = compile_fields(path.field_selector)
        for ref, document in self._documents:
            if self._is_at(path, ref) and labels(_labels(document)) and fields(document):
                yield document

    def _is_at(self, path: ApiPath, ref: ResourceRef) -> bool:
        return (
            path.api_version == ref.api_version
            and path.namespace in ("", ref.namespace)
            and path.name in ("", ref.name)
            and self._plurals.of(ref.group, ref.kind) == path.resource
        )

    def _plural(self, arguments: tuple[str, ...]) -> Answer:
        api_version, kind = arguments
        return Answer(self._plurals.of(api_version.rpartition("/")[0], kind))

    def _global(self, arguments: tuple[str, ...]) -> Answer:
        name, projection = arguments
        entry = self._entries.get(name)
        if entry is None:
            return Answer()
        return projected(entry, projection, self._of_entry(entry))

    def _of_entry(self, entry: GlobalContextEntry) -> Answer:
        source = entry.spec.kubernetes_resource
        if source is None:
            call = entry.spec.api_call
            if call is None or not call.url_path:
                return Answer(error=f"global context entry {entry.name} calls a service")
            return self._api_call((call.method or "GET", call.url_path))
        path = ApiPath(source.group or "", source.version, source.resource, source.namespace or "")
        return Answer(list(self._at(path)))


def projected(entry: GlobalContextEntry, projection: str, found: Answer) -> Answer:
    """What one of its projections makes of the value of a global entry; the value where none is named."""
    if found.error or not projection:
        return found
    queries = {one.name: one.jmes_path for one in entry.spec.projections or ()}
    if projection not in queries:
        return Answer(error=f"global context entry {entry.name} has no projection {projection}")
    try:
        return Answer(compile_expression(queries[projection]).search(found.value), found.version)
    except ExpressionError as error:
        return Answer(error=error.message)


def _list_of(path: ApiPath, items: list[Document]) -> Document:
    kind = str(items[0].get("kind", "")) if items else ""
    return {"apiVersion": path.api_version, "kind": f"{kind}List", "metadata": {}, "items": items}


def _anything(labels: Mapping[str, str]) -> bool:
    del labels
    return True


def _fits(pattern: str, text: str) -> bool:
    return not pattern or matches(pattern, text)


def _labels(document: Document) -> dict[str, Any]:
    metadata = document.get("metadata")
    return text_labels(metadata.get("labels") if isinstance(metadata, dict) else None)
