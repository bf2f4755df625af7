"""Checks files of policies: what is wrong with them, and what of them is not evaluated."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from propolis.app.policy_files import policy_files
from propolis.cluster.files import read_file
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, Place, SourceError
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import position_of
from propolis.policy.engine.cel.dumped_code import code_of_cel
from propolis.policy.engine.cel.problems import wrong_expressions
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.engine.dumped_code import code_of
from propolis.policy.engine.wrong_settings import wrong_settings
from propolis.policy.engine.wrong_texts import wrong_texts
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.policy import Policy
from propolis.policy.sources.documents import read_policies
from propolis.reports.render.policy_lint import LintReport, Remark

_FIELDS: dict[str, tuple[str, ...]] = {
    "celPreconditions without validate.cel": ("celPreconditions",),
}
"""Where below a rule a feature stands that is not evaluated."""


def lint_policies(paths: Iterable[Path]) -> LintReport:
    """All remarks on the policies, exceptions, cleanup policies and global entries of files and folders.

    Raises:
        DocumentError: A path is not there.
    """
    found = [one for path in paths for one in policy_files(path)]
    files = [one for one in found if isinstance(one, Path)]
    remarks = [
        Remark("error", "", 0, 0, one.text)
        for one in found
        if isinstance(one, Problem) and one.kind != "skipped"
    ]
    policies = 0
    for file in files:
        try:
            data = read_file(file, DEFAULT)
        except Error as error:
            remarks.append(_remark("error", error))
            continue
        loaded = read_policies(data, str(file))
        policies += len(loaded.policies) + len(loaded.cleanups)
        remarks += [_remark("error", error) for error in loaded.errors]
        remarks += [_remark("warning", error) for error in _gaps(loaded.policies, data)]
        remarks += [_remark("error", error) for error in _wrong_expressions(loaded.policies, data)]
        every = (*loaded.policies, *loaded.cleanups)
        remarks += [_remark("error", error) for error in _wrong_texts(every, data)]
        remarks += [_remark("error", error) for error in _wrong_settings((*every, *loaded.exceptions), data)]
    remarks.sort(key=lambda one: (one.path, one.line, one.column))
    return LintReport(len(files), policies, tuple(remarks))


def dump_policies(paths: Iterable[Path]) -> str:
    """The generated code of all policies of files and folders; what cannot be read is left out.

    Raises:
        DocumentError: A path is not there.
    """
    parts = []
    for file in (one for path in paths for one in policy_files(path)):
        if isinstance(file, Path):
            try:
                loaded = read_policies(read_file(file, DEFAULT), str(file))
            except Error:
                continue
            parts += [
                f"# policy {policy.name!r} of {str(file)!r}\n\n{_code_of(policy)}"
                for policy in loaded.policies
            ]
    return "\n".join(parts)


def _code_of(policy: AnyPolicy) -> str:
    return code_of(policy) if isinstance(policy, Policy) else code_of_cel(policy)


def _gaps(policies: Iterable[AnyPolicy], data: bytes) -> Iterator[DocumentError]:
    """Rules that give an error on every resource, for they ask for what this engine does not do."""
    for policy in policies:
        for index, rule in enumerate(policy.spec.rules if isinstance(policy, Policy) else ()):
            feature = unsupported_feature(rule)
            if feature:
                path: tuple[Any, ...] = ("spec", "rules", index, *_FIELDS.get(feature, ()))
                place = Place(policy.origin.path, *position_of(data, policy.origin.line, path))
                yield DocumentError(f"{feature} is not supported: rule {rule.name} is not evaluated", place)


def _wrong_expressions(policies: Iterable[AnyPolicy], data: bytes) -> Iterator[DocumentError]:
    """Expressions of CEL that cannot be compiled, at their places in the file."""
    for policy in policies:
        for found in wrong_expressions(policy):
            place = Place(policy.origin.path, *position_of(data, policy.origin.line, ("spec", *found.path)))
            yield DocumentError(found.error.message, place, found.error.expected)


def _wrong_texts(policies: Iterable[AnyPolicy | CleanupPolicy], data: bytes) -> Iterator[DocumentError]:
    """Variables and JMESPath expressions that can never be evaluated, at their places in the file."""
    for policy in policies:
        for found in wrong_texts(policy) if isinstance(policy, Policy | CleanupPolicy) else ():
            place = Place(policy.origin.path, *position_of(data, policy.origin.line, ("spec", *found.path)))
            yield DocumentError(found.message, place, found.expected)


def _wrong_settings(
    documents: Iterable[AnyPolicy | CleanupPolicy | AnyException], data: bytes
) -> Iterator[DocumentError]:
    """Settings that cannot be together, at their places in the file."""
    for one in documents:
        for found in wrong_settings(one) if isinstance(one, Policy | CleanupPolicy | PolicyException) else ():
            place = Place(one.origin.path, *position_of(data, one.origin.line, ("spec", *found.path)))
            yield DocumentError(found.message, place, found.expected)


def _remark(level: str, error: Error) -> Remark:
    if isinstance(error, DocumentError):
        place = error.place
        return Remark(level, place.path, place.line, place.column, error.message, error.expected)
    path = error.of if isinstance(error, SourceError) else ""
    return Remark(level, path, 0, 0, str(error))
