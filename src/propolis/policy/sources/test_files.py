"""Reads kyverno-test.yaml files and every file that they name.

A file is read only below the folder that the caller names as root; a test that points outside of it
gets an error. What is wrong with one test does not stop the others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import DEFAULT
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.yaml import load_documents
from propolis.policy.engine.image_answers import image_answers
from propolis.policy.model import is_policy, parse_policy
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.parse import (
    is_binding,
    is_cel_exception,
    is_cel_policy,
    parse_binding,
    parse_cel_exception,
    parse_cel_policy,
)
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.exception import PolicyException, is_exception, parse_exception
from propolis.policy.model.kyverno_test import ContextFile, TestDocument, Values
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import OtherPolicy, Payload, PolicyTest, TestUser
from propolis.policy.sources.payloads import payload_of
from propolis.policy.sources.scopes import is_cluster_scoped
from propolis.policy.sources.test_answers import answers_of

FILE_NAME = "kyverno-test.yaml"
CEL_GROUPS = ("policies.kyverno.io", "admissionregistration.k8s.io")
_GROUPS = ("cli.kyverno.io", "kyverno.io")
_SUFFIXES = (".yaml", ".yml", ".json")
T = TypeVar("T")


def load_tests(folder: Path, root: Path | None = None, file_name: str = FILE_NAME) -> list[PolicyTest]:
    """Every Test below a folder, in the order of the paths; a file may hold several."""
    top = (root or folder).resolve()
    tests: list[PolicyTest] = []
    for path in sorted(folder.rglob(file_name)):
        try:
            found = load_documents(_read(path, top), str(path))
        except DocumentError as error:
            tests.append(PolicyTest(str(path), TestDocument(), errors=(error,)))
            continue
        for parsed in found:
            if parsed.error is not None:
                tests.append(PolicyTest(str(path), TestDocument(), errors=(parsed.error,)))
            elif _is_test(parsed.document):
                tests.append(_Reader(path, top, parsed.line).read(parsed.document))
    return tests


def _read(path: Path, root: Path) -> bytes:
    """The bytes of a file below a root.

    Raises:
        DocumentError: It is elsewhere (a link may lead away), too large, or cannot be read.
    """
    place = Place(str(path))
    try:
        if not path.resolve().is_relative_to(root):
            raise DocumentError(f"is outside of {root}", place)
        if not path.is_file() or path.stat().st_size > DEFAULT.file_bytes:
            raise DocumentError("is not read", place, f"a file of at most {DEFAULT.file_bytes:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}", place, "a readable file") from error


def _is_test(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    group = str(document.get("apiVersion", "cli.kyverno.io")).partition("/")[0]
    return group in _GROUPS and document.get("kind", "Test") == "Test"


class _Reader:
    """Reads what one test names; errors are collected."""

    def __init__(self, path: Path, root: Path, line: int) -> None:
        self._path = path
        self._folder = path.parent
        self._root = root
        self._line = line
        self._errors: list[DocumentError] = []
        self._bindings: list[Any] = []

    def read(self, document: Document) -> PolicyTest:
        test = self._converted(document, TestDocument, self._path) or TestDocument()
        policies, others, invalid = self._policies(test.policies)
        values = test.values or self._single(test.variables, Values) or Values()
        cluster = self._cluster(test.cluster_resources)
        context = (self._single(test.context, ContextFile) if test.context else None) or ContextFile()
        return PolicyTest(
            path=str(self._path),
            document=test,
            policies=policies,
            others=others,
            invalid=invalid,
            resources=self._resources(test.resources),
            payloads=tuple(self._payloads(test)),
            targets=self._resources(test.target_resources),
            cluster=cluster,
            exceptions=self._exceptions(test.exceptions),
            bindings=tuple(self._bindings),
            params=tuple(self._documents(test.param_resources)),
            context=context,
            values=values,
            user=self._single(test.userinfo, TestUser) if test.userinfo else None,
            files=self._compared_files(test),
            sources=tuple(
                sorted({item.clone_source_resource for item in test.results if item.clone_source_resource})
            ),
            answers=answers_of(test, values, cluster, self._documents) | image_answers(context),
            errors=tuple(self._errors),
        )

    def _converted(self, document: Document, kind: type[T], path: Path) -> T | None:
        try:
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as error:
            self._errors.append(DocumentError(str(error), Place(str(path), self._line)))
            return None

    def _single(self, name: str, kind: type[T]) -> T | None:
        """The one document of a file, as a struct."""
        for document in self._documents((name,)) if name else ():
            spec = document.get("spec")
            return self._converted(spec if isinstance(spec, dict) else document, kind, self._folder / name)
        return None

    def _paths(self, names: tuple[str, ...]) -> Iterator[Path]:
        """Files that a test names; a folder stands for its files, also below."""
        for name in names:
            try:
                path = (self._folder / name).resolve()
            except (OSError, ValueError):
                self._errors.append(self._wrong(f"{name!r} is no path"))
                continue
            if not path.is_relative_to(self._root):
                self._errors.append(self._wrong(f"{name} is outside of {self._root}"))
            elif path.is_dir():
                yield from (item for item in sorted(path.rglob("*")) if item.suffix in _SUFFIXES)
            elif path.is_file():
                yield path
            else:
                self._errors.append(self._wrong(f"{name} is not there"))

    def _wrong(self, message: str) -> DocumentError:
        return DocumentError(message, Place(str(self._path), self._line))

    def _located(self, names: tuple[str, ...]) -> Iterator[tuple[Document, Origin]]:
        for path in self._paths(names):
            try:
                data = _read(path, self._root)
            except DocumentError as error:
                self._errors.append(error)
                continue
            for parsed in load_documents(data, str(path)):
                if parsed.error is not None:
                    self._errors.append(parsed.error)
                elif isinstance(parsed.document, dict):
                    yield parsed.document, Origin(str(path), parsed.line)

    def _documents(self, names: tuple[str, ...]) -> list[Document]:
        return [document for document, _ in self._located(names)]

    def _policies(
        self, names: tuple[str, ...]
    ) -> tuple[tuple[Policy | CelPolicy, ...], tuple[OtherPolicy, ...], dict[str, DocumentError]]:
        policies: list[Policy | CelPolicy] = []
        others: list[OtherPolicy] = []
        invalid: dict[str, DocumentError] = {}
        for document, origin in self._located(names):
            ref = reference_of(document)
            try:
                if is_policy(document):
                    policies.append(parse_policy(document, origin))
                elif is_cel_policy(document):
                    policies.append(parse_cel_policy(document, origin))
                elif is_binding(document):
                    self._bindings.append(parse_binding(document, origin))
                elif ref.group in CEL_GROUPS:
                    others.append(OtherPolicy(ref.kind, ref.name))
            except DocumentError as error:
                invalid[ref.name] = error
        return tuple(policies), tuple(others), invalid

    def _exceptions(self, names: tuple[str, ...]) -> tuple[PolicyException | CelException, ...]:
        found: list[PolicyException | CelException] = []
        for document, origin in self._located(names):
            try:
                if is_exception(document):
                    found.append(parse_exception(document, origin))
                elif is_cel_exception(document):
                    found.append(parse_cel_exception(document, origin))
            except DocumentError as error:
                self._errors.append(error)
        return tuple(found)

    def _resources(self, names: tuple[str, ...]) -> tuple[Resource, ...]:
        """Resources; a later one of the same identity is left out, lists are taken apart."""
        found: dict[tuple[str, ...], Resource] = {}
        for document, origin in self._located(names):
            for item in _items(document):
                resource = resource_of(item, origin)
                ref = resource.ref
                found.setdefault((ref.api_version, ref.kind, ref.namespace, ref.name), resource)
        return tuple(found.values())

    def _payloads(self, test: TestDocument) -> Iterator[Payload]:
        """Documents that are no resources, under the names by which results call them."""
        given = {
            "JSON": (*test.json_payloads, *((test.json_payload,) if test.json_payload else ())),
            "HTTP": test.http_payloads,
            "Envoy": test.envoy_payloads,
        }
        for mode, names in given.items():
            for name in names:
                for document, origin in self._located((name,)):
                    yield payload_of(document, Origin(name, origin.line), mode)

    def _cluster(self, names: tuple[str, ...]) -> tuple[Document, ...]:
        """Objects of a cluster that policies may look up, and the definitions of their kinds."""
        found: list[Document] = []
        for document in self._documents(names):
            spec = document.get("spec")
            fields = spec if isinstance(spec, dict) else {}
            found += [item for item in fields.get("resources") or () if isinstance(item, dict)]
            definitions = fields.get("crds") or ()
            found += self._documents(tuple(name for name in definitions if isinstance(name, str)))
        return tuple(found)

    def _compared_files(self, test: TestDocument) -> dict[str, tuple[Document, ...]]:
        names = {
            name
            for item in test.results
            for name in (
                item.patched_resources or item.patched_resource,
                item.generated_resource,
                item.clone_source_resource,
                *item.generated_resources,
            )
            if name
        }
        return {
            name: tuple(resource.document for resource in self._resources((name,))) for name in sorted(names)
        }


def _items(document: Document) -> list[Document]:
    items = document.get("items")
    if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
        return [item for item in items if isinstance(item, dict)]
    return [document]


_MAPS = frozenset({"annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"})


def resource_of(document: Document, origin: Origin) -> Resource:
    """A resource as the test means it: in the namespace ``default`` unless it says another.

    Maps that are written without a value count as empty.
    """
    filled = _filled(document)
    ref = reference_of(filled)
    if not ref.namespace and not is_cluster_scoped(ref.api_version, ref.kind):
        metadata = filled.get("metadata")
        filled["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), "namespace": "default"}
    return Resource(reference_of(filled), filled, origin)


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: {} if item is None and key in _MAPS else _filled(item) for key, item in value.items()}
    return [_filled(item) for item in value] if isinstance(value, list) else value
