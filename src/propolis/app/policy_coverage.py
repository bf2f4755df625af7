"""Measures what tests exercise of their policies, and which faults of the policies no test would notice."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from propolis.app.explain_places import PlaceBook
from propolis.app.policy_tests import load_tests_below, root_of
from propolis.app.progress import Progress, silent
from propolis.core import clock
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Place
from propolis.lang.quiet_gc import quiet_gc
from propolis.lang.wildcard import matches
from propolis.policy.engine.coverage.cel_faults import cel_mutants_of
from propolis.policy.engine.coverage.measure import PolicyCoverage, measure
from propolis.policy.engine.coverage.measure_cel import measure_cel
from propolis.policy.engine.coverage.mutants import mutants_of
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy_test import PolicyTest
from propolis.reports.render.policy_coverage import CoverageReport


class CoverageInputs(msgspec.Struct, frozen=True):
    """What to measure.

    Attributes:
        folders: Searched for test files.
        root: Tests name files below it; None for `policy_tests.root_of`.
        policy: Wildcard for the names of policies.
    """

    folders: Sequence[Path]
    file_name: str = "kyverno-test.yaml"
    root: Path | None = None
    policy: str = "*"
    with_mutants: bool = True


def measure_coverage(inputs: CoverageInputs, progress: Progress = silent) -> CoverageReport:
    """Measures every policy that a test names.

    Raises:
        DocumentError: The name of files is none, or a folder is not below the root.
    """
    if Path(inputs.file_name).name != inputs.file_name:
        raise DocumentError(f"{inputs.file_name!r} is no name of a file", expected="a name without a folder")
    tests = [
        test
        for folder in inputs.folders
        for test in load_tests_below(folder, inputs.root or root_of(folder), inputs.file_name)
    ]
    problems = [Problem("document", f"{test.path}: {error}") for test in tests for error in test.errors]
    policies = [one for one in _policies(tests) if matches(inputs.policy, one.name)]
    steps = _Steps(progress, policies, with_mutants=inputs.with_mutants)
    book = PlaceBook(b"", "")
    with quiet_gc():
        found = [_placed(_measured(policy, tests, inputs, steps), policy, book) for policy in policies]
    return CoverageReport(len(tests), tuple(found), tuple(problems))


def _measured(
    policy: AnyPolicy, tests: Sequence[PolicyTest], inputs: CoverageInputs, steps: "_Steps"
) -> PolicyCoverage:
    now, with_mutants = clock.now(), inputs.with_mutants
    if isinstance(policy, CelPolicy):
        return measure_cel(policy, tests, now, with_mutants=with_mutants, tick=steps.tick)
    return measure(policy, tests, now, with_mutants=with_mutants, tick=steps.tick)


def _policies(tests: Sequence[PolicyTest]) -> list[AnyPolicy]:
    """All policies of some tests, each once, in the order of their files."""
    found: dict[tuple[str, int, str], AnyPolicy] = {}
    for test in tests:
        for policy in test.policies:
            found.setdefault((policy.origin.path, policy.origin.line, policy.name), policy)
    return [found[key] for key in sorted(found)]


class _Steps:
    """Tells how many mutants were tried."""

    def __init__(self, progress: Progress, policies: Sequence[AnyPolicy], *, with_mutants: bool) -> None:
        self._progress = progress
        self._done = 0
        self._total = sum(map(_count, policies)) if with_mutants else 0

    def tick(self) -> None:
        """One more was tried."""
        self._done += 1
        self._progress("mutants", self._done, self._total)


def _count(policy: AnyPolicy) -> int:
    return len(cel_mutants_of(policy) if isinstance(policy, CelPolicy) else mutants_of(policy))


def _placed(coverage: PolicyCoverage, policy: AnyPolicy, book: PlaceBook) -> PolicyCoverage:
    """The coverage with the lines and columns of what it tells."""

    def place(source: tuple[str | int, ...]) -> Place:
        found = book.place(policy.origin, source)
        return Place(_relative(found.path), found.line, found.column)

    return msgspec.structs.replace(
        coverage,
        path=_relative(coverage.path),
        missed=tuple(msgspec.structs.replace(one, place=place(one.source)) for one in coverage.missed),
        survivors=tuple(msgspec.structs.replace(one, place=place(one.source)) for one in coverage.survivors),
    )


def _relative(path: str) -> str:
    """A path as people write it: from the current folder where it lies below that."""
    current = Path.cwd()
    return str(Path(path).relative_to(current)) if Path(path).is_relative_to(current) else path
