"""Observes manifests: folders, files and standard input, as one observation.

One file after the other is read, parsed and let go; what stays is its objects. Whatever is wrong
with a path, a file or a document becomes a problem, and the rest goes on.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.cluster.documents import RENDER_FIRST, Remark, objects_in
from propolis.cluster.files import STDIN, read_file, read_stdin
from propolis.cluster.folders import find_files, printable
from propolis.cluster.kinds import Scopes
from propolis.cluster.observation import Observation, problem_of
from propolis.cluster.owners import remark_on_made, without_made
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.quiet_gc import quiet_gc
from propolis.lang.yaml import load_documents, position_of

DEFAULT_NAMESPACE = "default"

_TEMPLATE = re.compile(rb"\{\{-?\s*(?:[.$]|/\*|(?:if|range|with|include|template|define|end|else|toYaml)\b)")

Item = tuple[Document, Origin]


def observe_manifests(
    paths: Iterable[str],
    limits: Limits = DEFAULT,
    stdin: BinaryIO | None = None,
    cluster: str = "",
    *,
    keeps_made: bool = False,
) -> Observation:
    """All Kubernetes objects of some folders, files and, as ``-``, of standard input.

    Args:
        paths: Folders are searched for .yaml, .yml and .json; a named file may have any name.
        limits: Of files, of their size, of documents.
        stdin: Where ``-`` reads from.
        cluster: Becomes a part of every reference.
        keeps_made: Whether what a controller in the same input made is kept.

    Documents that are no objects are problems of kind ``skipped`` within folders, and errors in
    files that are named. Namespaced objects without a namespace are in ``default``. What a
    controller in the same input made (a Pod of a ReplicaSet) is left out, for its template is judged.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    with quiet_gc():
        for found in _observe(paths, limits, stdin):
            problems.append(found) if isinstance(found, Problem) else items.append(found)
        scopes = Scopes(document for document, _ in items)
        resources, made = tuple(_resource(*item, scopes, cluster) for item in items), 0
        if not keeps_made:
            resources, made = without_made(resources)
    return Observation(resources, (*problems, *remark_on_made(made)))


def _observe(paths: Iterable[str], limits: Limits, stdin: BinaryIO | None) -> Iterator[Item | Problem]:
    for path in paths:
        if path == "-":
            yield from _from_stdin(stdin, limits)
        elif Path(path).is_dir():
            yield from _from_folder(Path(path), limits)
        else:
            yield from _from_file(Path(path), limits, is_named=True)


def _from_stdin(stdin: BinaryIO | None, limits: Limits) -> Iterator[Item | Problem]:
    if stdin is None:
        yield problem_of(DocumentError("there is no standard input", Place(STDIN), "a path"))
        return
    try:
        data = read_stdin(stdin, limits)
    except Error as error:
        yield problem_of(error)
    else:
        yield from _from_data(data, STDIN, limits, is_named=True)


def _from_folder(root: Path, limits: Limits) -> Iterator[Item | Problem]:
    for found in find_files(root, limits.files):
        if isinstance(found, Problem):
            yield found
        else:
            yield from _from_file(found, limits, is_named=False)


def _from_file(path: Path, limits: Limits, *, is_named: bool) -> Iterator[Item | Problem]:
    try:
        data = read_file(path, limits)
    except Error as error:
        yield problem_of(error)
    else:
        yield from _from_data(data, printable(path), limits, is_named=is_named)


def _from_data(data: bytes, path: str, limits: Limits, *, is_named: bool) -> Iterator[Item | Problem]:
    for parsed in load_documents(data, path, limits):
        if parsed.error:
            yield _unreadable(parsed.error, data)
            continue
        origin = Origin(path, parsed.line)
        for found in objects_in(parsed.document):
            if isinstance(found, Remark):
                yield _told(found, data, origin, is_named=is_named)
            else:
                yield found, origin


def _unreadable(error: DocumentError, data: bytes) -> Problem:
    """A document that is no YAML; one that holds Go templates is told as such."""
    if _TEMPLATE.search(data):
        message = f"looks like a Helm template, and is no YAML as it stands ({error.message})"
        error = DocumentError(message, error.place, RENDER_FIRST)
    return problem_of(error)


def _told(remark: Remark, data: bytes, origin: Origin, *, is_named: bool) -> Problem:
    place = Place(origin.path, *position_of(data, origin.line, remark.path))
    error = DocumentError(remark.text, place, remark.expected)
    return problem_of(error) if remark.is_error or is_named else Problem("skipped", str(error))


def _resource(document: Document, origin: Origin, scopes: Scopes, cluster: str) -> Resource:
    ref = reference_of(document, cluster, DEFAULT_NAMESPACE)
    if scopes.is_cluster_scoped(ref):
        ref = msgspec.structs.replace(ref, namespace="")
    return Resource(ref, document, origin)
