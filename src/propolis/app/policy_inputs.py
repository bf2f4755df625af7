"""What ``policy apply`` reads: policies, exceptions, values, who asks, a level of Pod Security."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from propolis.app.policy_files import policy_files
from propolis.cluster.files import STDIN, read_file, read_stdin
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, Place
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import load_documents
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.global_context import GlobalContextEntry
from propolis.policy.model.kyverno_test import Values
from propolis.policy.model.policy_test import Payload
from propolis.policy.sources import pack
from propolis.policy.sources.documents import LoadedPolicies, read_policies
from propolis.policy.sources.payloads import read_payloads

T = TypeVar("T")


class PolicyInput(msgspec.Struct, frozen=True):
    """Policies and exceptions, and what of their files could not be used."""

    policies: tuple[AnyPolicy, ...]
    exceptions: tuple[AnyException, ...]
    problems: tuple[Problem, ...]
    entries: tuple[GlobalContextEntry, ...] = ()
    bindings: tuple[Binding, ...] = ()
    cleanups: tuple[CleanupPolicy, ...] = ()


def read_policy_input(policies: Iterable[str], exceptions: Iterable[str], stdin: BinaryIO) -> PolicyInput:
    """Policies of files, folders, the pack (``pack:NAME``) and, as ``-``, of standard input.

    Exceptions come from files of their own.

    Raises:
        DocumentError: A path is not there, or a choice of the pack is for nothing.
        SourceError: Standard input cannot be read.
    """
    found: list[LoadedPolicies] = []
    problems: list[Problem] = []
    choices, files = pack.split(policies)
    found.append(LoadedPolicies(policies=tuple(pack.chosen(choices))))
    found += [read_policies(data, path) for data, path in contents(files, stdin, problems)]
    excepted = [read_policies(data, path) for data, path in contents(exceptions, stdin, problems)]
    problems += [problem_of(error) for one in (*found, *excepted) for error in one.errors]
    return PolicyInput(
        tuple(policy for one in found for policy in one.policies),
        tuple(exception for one in excepted for exception in one.exceptions),
        tuple(problems),
        tuple(entry for one in found for entry in one.global_contexts),
        tuple(binding for one in found for binding in one.bindings),
        tuple(cleanup for one in found for cleanup in one.cleanups),
    )


def contents(paths: Iterable[str], stdin: BinaryIO, problems: list[Problem]) -> Iterable[tuple[bytes, str]]:
    """What files hold; those that cannot be read become problems."""
    for path in paths:
        if path == "-":
            yield read_stdin(stdin, DEFAULT), STDIN
            continue
        for file in policy_files(Path(path)):
            if isinstance(file, Problem):
                problems.append(file)
                continue
            try:
                yield read_file(file, DEFAULT), str(file)
            except Error as error:
                problems.append(problem_of(error))


def load_payloads(paths: Mapping[str, Sequence[str]]) -> tuple[list[Payload], list[Problem]]:
    """Documents that are no resources, by their modes, and what of them could not be used."""
    payloads: list[Payload] = []
    problems: list[Problem] = []
    for mode, names in paths.items():
        for name in names:
            try:
                payloads += read_payloads(read_file(Path(name), DEFAULT), name, mode)
            except Error as error:
                problems.append(problem_of(error))
    return payloads, problems


def read_single(path: Path | None, kind: type[T], default: T) -> T:
    """The first document of a file as a struct; the default where there is no path.

    Raises:
        DocumentError: The file holds none, or one of a wrong shape.
        SourceError: The file cannot be read.
    """
    if path is None:
        return default
    for parsed in load_documents(read_file(path, DEFAULT), str(path)):
        if parsed.error is not None:
            raise parsed.error
        document = parsed.document
        spec = document.get("spec") if isinstance(document, dict) else None
        try:
            return msgspec.convert(spec if isinstance(spec, dict) else document, kind)
        except msgspec.ValidationError as error:
            raise DocumentError(str(error), Place(str(path), parsed.line)) from None
    raise DocumentError("holds no document", Place(str(path)), "YAML or JSON")


def with_globals(values: Values, assignments: Sequence[str]) -> Values:
    """Values with some more global ones, each as ``name=value``.

    Raises:
        DocumentError: One is no assignment.
    """
    given = dict(values.global_values or {})
    for text in assignments:
        for part in text.split(","):
            name, equals, value = part.partition("=")
            if not equals or not name.strip():
                raise DocumentError(f"{part!r} sets nothing", expected="name=value")
            given[name.strip()] = value
    return msgspec.structs.replace(values, global_values=given)
