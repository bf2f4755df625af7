"""Policies that a user names: files and folders, read as manifests are."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from propolis.cluster.folders import find_files
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Place
from propolis.core.limits import DEFAULT
from propolis.policy.model.any import AnyPolicy
from propolis.policy.sources.documents import read_policies


def load_policies(paths: Iterable[str]) -> tuple[list[AnyPolicy], list[Problem]]:
    """All policies of some files and folders, and what could not be used of them.

    Other documents beside the policies are left alone.

    Raises:
        DocumentError: A path is not there, or holds no policy at all.
    """
    policies: list[AnyPolicy] = []
    problems: list[Problem] = []
    for path in paths:
        before = len(policies) + len(problems)
        for file in policy_files(Path(path)):
            for found in (file,) if isinstance(file, Problem) else _of_file(file):
                if isinstance(found, AnyPolicy):
                    policies.append(found)
                else:
                    problems.append(found if isinstance(found, Problem) else problem_of(found))
        if len(policies) + len(problems) == before:
            raise DocumentError("no policy is here", Place(path), "a policy of Kyverno or Kubernetes")
    return policies, problems


def policy_files(path: Path) -> Iterable[Path | Problem]:
    """The file, or those of a folder and what of it cannot be read. Raises `DocumentError`."""
    if not path.exists():
        raise DocumentError("no such file or folder", Place(str(path)), "policies")
    return find_files(path, DEFAULT.files) if path.is_dir() else [path]


def _of_file(file: Path) -> Iterator[AnyPolicy | DocumentError]:
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
