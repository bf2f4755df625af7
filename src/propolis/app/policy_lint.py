"""Checks files of policies: what is wrong with them, and what of them is not evaluated."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from propolis.app.policy_files import policy_files
from propolis.cluster.files import read_file
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, SourceError
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import position_of
from propolis.policy.engine.cel.dumped_code import code_of_cel
from propolis.policy.engine.dumped_code import code_of
from propolis.policy.engine.remarks import Judged, remarks_on
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.sources.documents import read_policies
from propolis.reports.render.policy_lint import LintReport, Remark


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
        for one in (*loaded.policies, *loaded.cleanups, *loaded.exceptions):
            remarks += _remarks(one, data)
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


def _remarks(found: Judged, data: bytes) -> Iterator[Remark]:
    """What is said of a document, at the places in its file."""
    for one in remarks_on(found):
        line, column = position_of(data, found.origin.line, one.path)
        yield Remark(one.level, found.origin.path, line, column, one.message, one.expected)


def _remark(level: str, error: Error) -> Remark:
    if isinstance(error, DocumentError):
        place = error.place
        return Remark(level, place.path, place.line, place.column, error.message, error.expected)
    path = error.of if isinstance(error, SourceError) else ""
    return Remark(level, path, 0, 0, str(error))
