"""Runs the kyverno-test.yaml files of a corpus: one case a folder, rows compared by the engine."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from propolis.policy.engine.expectation import Row, check
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.test_files import load_tests
from tests.harness.corpora import corpora

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cases(corpus: str) -> dict[str, list[PolicyTest]]:
    """Tests of each folder, named by its path in the corpus; empty where the corpus is absent."""
    root = corpora() / corpus
    found: dict[str, list[PolicyTest]] = defaultdict(list)
    for test in load_tests(root) if root.is_dir() else []:
        found[str(Path(test.path).parent.relative_to(root))].append(test)
    return dict(found)


def judge(name: str, tests: list[PolicyTest], skipped: dict[str, str]) -> None:
    """Passes when every row that needs no CEL holds; a listed case must not."""
    rows = [row for test in tests for row in check(test, NOW)]
    judged = [row for row in rows if not row.is_waiting]
    if rows and not judged:
        pytest.skip("waiting for CEL")
    wrong = [row for row in judged if not row.is_passed]
    if name in skipped:
        assert wrong, f"{name} holds now: take it out of skips.toml"
        pytest.skip(skipped[name])
    assert not wrong, "\n".join(map(_shown, wrong))


def _shown(row: Row) -> str:
    return f"{row.policy}/{row.rule} on {row.resource}: {row.reason}"
