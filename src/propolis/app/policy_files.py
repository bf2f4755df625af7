"""Policies that a user names: files and folders, read as manifests are."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Place
from propolis.core.limits import DEFAULT
from propolis.policy.model.policy import Policy
from propolis.policy.sources.documents import read_policies

SUFFIXES = (".yaml", ".yml", ".json")


def load_policies(paths: Iterable[str]) -> tuple[list[Policy], list[Problem]]:
    """All policies of some files and folders, and what could not be used of them.

    Other documents beside the policies are left alone.

    Raises:
        DocumentError: A path is not there, or holds no policy at all.
    """
    policies: list[Policy] = []
    problems: list[Problem] = []
    for path in paths:
        before = len(policies) + len(problems)
        for file in _files(Path(path)):
            for found in _of_file(file):
                if isinstance(found, DocumentError):
                    problems.append(Problem("document", str(found)))
                else:
                    policies.append(found)
        if len(policies) + len(problems) == before:
            raise DocumentError("no policy is here", Place(path), "a ClusterPolicy or Policy of kyverno.io")
    return policies, problems


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    if not path.exists():
        raise DocumentError("no such file or folder", Place(str(path)), "policies")
    return [path]


def _of_file(file: Path) -> Iterator[Policy | DocumentError]:
    """Policies and errors of one file; the file is not read when it is larger than allowed."""
    try:
        size_bytes = file.stat().st_size
        data = file.read_bytes() if file.is_file() and size_bytes <= DEFAULT.file_bytes else None
    except OSError as error:
        yield DocumentError(f"cannot be read: {error.strerror}", Place(str(file)), "a readable file")
        return
    if data is None:
        expected = f"a file of at most {DEFAULT.file_bytes:,} bytes"
        yield DocumentError("this is no file of policies", Place(str(file)), expected)
        return
    loaded = read_policies(data, str(file))
    yield from loaded.policies
    yield from loaded.errors
