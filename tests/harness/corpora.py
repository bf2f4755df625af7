"""One harness for the tests that others wrote.

A corpus is a folder below PROPOLIS_CORPORA (default ``../shared/corpora`` beside the tree), so the same
runner works on any other set of cases of the same suite. A runner makes one `Suite` and settles every
case with it: an unlisted failure fails the run, and so does a listed case that passes, so that the
list only shrinks with intent. The run ends with one line a corpus (`summary`).
"""

import os
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_CORPORA = ROOT.parent / "shared" / "corpora"
TOLD = 20
"""Failures that a message lists."""


def corpora() -> Path:
    """The folder of all corpora."""
    named = os.environ.get("PROPOLIS_CORPORA")  # noqa: TID251  # tests have no settings module
    return Path(named) if named else DEFAULT_CORPORA


def corpus(name: str) -> Path:
    """The folder of one corpus; skips the test where it is absent."""
    folder = corpora() / name
    if not folder.is_dir():
        _absent.add(name)
        pytest.skip(f"corpus {name} is absent: set PROPOLIS_CORPORA to the folder that holds it")
    return folder


class Skips:
    """What ``skips.toml`` beside a runner lists.

    ``[[group]]`` has a reason and ``cases``, names or patterns (``*`` and ``?``). ``[needs]`` gives a
    reason for every feature that is not there yet, by the word with which a runner asks for it.
    """

    def __init__(self, path: Path) -> None:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.needs: dict[str, str] = document.get("needs", {})
        self._exact: dict[str, str] = {}
        self._patterns: list[tuple[str, str]] = []
        for group in document.get("group", []):
            for case in group["cases"]:
                if "*" in case or "?" in case:
                    self._patterns.append((case, group["reason"]))
                else:
                    self._exact[case] = group["reason"]

    def reason(self, case: str) -> str:
        """Why a case is left out; empty when it is not."""
        if case in self._exact:
            return self._exact[case]
        return next((reason for pattern, reason in self._patterns if fnmatchcase(case, pattern)), "")


class Suite:
    """The cases of one corpus, as one runner settles them.

    Args:
        name: Of the corpus, as its folder is called.
        test_file: ``__file__`` of the runner; ``skips.toml`` stands beside it.
    """

    def __init__(self, name: str, test_file: str) -> None:
        self.name = name
        self.skips = Skips(Path(test_file).with_name("skips.toml"))
        self.counts = _counts.setdefault(name, {"passed": 0, "failed": 0, "skipped": 0})

    def settle(self, case: str, *, is_right: bool, why: object = "") -> None:
        """Ends a test that is one case."""
        reason = self.skips.reason(case)
        problem = self._problem(case, reason, is_right=is_right, why=why)
        if problem:
            pytest.fail(problem, pytrace=False)
        if reason:
            pytest.skip(reason)

    def settle_all(self, results: Iterable[tuple[str, bool, object]]) -> None:
        """Ends a test of many cases: name, whether it came out right, why not."""
        problems = []
        for case, is_right, why in results:
            if problem := self._problem(case, self.skips.reason(case), is_right=is_right, why=why):
                problems.append(problem)
        if problems:
            more = f"\n... and {len(problems) - TOLD} more" if len(problems) > TOLD else ""
            pytest.fail("\n".join(problems[:TOLD]) + more, pytrace=False)

    def needs(self, case: str, feature: str) -> None:
        """Skips a case that needs a feature which is not there; the list must say so."""
        reason = self.skips.needs.get(feature)
        if reason is None:
            self.settle(case, is_right=False, why=f"needs {feature}, which skips.toml does not list")
        self.counts["skipped"] += 1
        pytest.skip(str(reason))

    def _problem(self, case: str, reason: str, *, is_right: bool, why: object) -> str:
        """Counts a case; what is wrong with its outcome, empty when nothing is."""
        if reason and is_right:
            self.counts["failed"] += 1
            return f"{case}: passes now; take it out of skips.toml ({reason})"
        self.counts["skipped" if reason else "passed" if is_right else "failed"] += 1
        return "" if reason or is_right else f"{case}: {why}"


def summary() -> list[str]:
    """One line a corpus, for the end of a run."""
    lines = [
        f"corpus {name}: " + ", ".join(f"{word} {number}" for word, number in counts.items())
        for name, counts in sorted(_counts.items())
        if any(counts.values())
    ]
    absent = sorted(name for name in _absent if not any(_counts.get(name, {}).values()))
    return lines + [f"corpus {name}: absent, all skipped" for name in absent]


_counts: dict[str, dict[str, int]] = {}
_absent: set[str] = set()
