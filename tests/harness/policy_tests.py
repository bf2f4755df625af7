"""Runs the kyverno-test.yaml files of a corpus: one case a folder, rows compared by the engine."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from propolis.policy.engine.expectation import Row, check
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.test_files import load_tests
from tests.harness.corpora import Suite, corpora

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cases(corpus: str) -> dict[str, list[PolicyTest]]:
    """Tests of each folder, named by its path in the corpus; empty where the corpus is absent."""
    root = corpora() / corpus
    found: dict[str, list[PolicyTest]] = defaultdict(list)
    for test in load_tests(root) if root.is_dir() else []:
        found[str(Path(test.path).parent.relative_to(root))].append(test)
    return dict(found)


def judge(suite: Suite, name: str, tests: list[PolicyTest]) -> None:
    """Settles a case: it holds when every row does that needs no CEL."""
    rows = [row for test in tests for row in check(test, NOW)]
    judged = [row for row in rows if not row.is_waiting]
    if rows and not judged:
        suite.needs(name, "cel")
    wrong = [row for row in judged if not row.is_passed]
    suite.settle(name, is_right=not wrong, why="\n".join(map(_shown, wrong)))


def _shown(row: Row) -> str:
    return f"{row.policy}/{row.rule} on {row.resource}: {row.reason}"
