"""Pods of the Pod Security admission's own tests, for every level and version."""

import io
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard

from propolis.core.resource import Origin, Resource, reference_of
from propolis.policy.engine import PolicySubject, compile_policies, evaluate
from propolis.policy.engine.pod_security import parse_version, pod_of, violations
from propolis.policy.sources.pack import load
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("pss", __file__)
PATH = corpora() / "pss" / "pods.jsonl.zst"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _rows() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if PATH.exists():
        with PATH.open("rb") as packed:
            for line in io.TextIOWrapper(
                zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8"
            ):
                row = json.loads(line)
                found[f"{row['level']}:{row['version']}"].append(row)
    return dict(found)


ROWS = _rows()


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {**row["pod"], "apiVersion": "v1", "kind": "Pod"}


@pytest.mark.parametrize("name", ROWS)
def test_every_pod_is_allowed_or_refused_by_the_check_of_its_file(name: str) -> None:
    level, _, version = name.partition(":")
    SUITE.settle_all(_judged(row, level, parse_version(version) or 0) for row in ROWS[name])


def _judged(row: dict[str, Any], level: str, version: int) -> tuple[str, bool, object]:
    pod = pod_of(_document(row))
    assert pod is not None
    found = violations(pod, level, version)
    name = f"{level}/v1.{version}/{row['expect']}/{row['file']}"
    return name, (not found) == (row["expect"] == "pass"), found


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_the_pack_decides_as_the_newest_version_does(level: str) -> None:
    corpus("pss")
    words = ("Baseline",) if level == "baseline" else ("Baseline", "Restricted")
    chosen = [
        policy for policy in load() if any(f"({word})" in policy.annotation("category") for word in words)
    ]
    rules = compile_policies(chosen)
    for row in ROWS[f"{level}:v1.37"]:
        document = _document(row)
        subject = PolicySubject(Resource(reference_of(document), document, Origin("")))
        found = evaluate(rules, subject, {}, NOW).findings
        assert any(finding.is_open for finding in found) == (row["expect"] == "fail"), row["file"]


def test_all_rows_are_there() -> None:
    corpus("pss")
    assert sum(map(len, ROWS.values())) == 2305
