"""Package URLs of the specification's own tests: parsed, built, brought into canonical form."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.images.model.purl import Purl, fault_of, parse_purl
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("purl-spec", __file__)
FOLDER = corpora() / "purl-spec" / "tests"


def files() -> list[Path]:
    return sorted(FOLDER.rglob("*-test.json"))


def results(file: Path) -> Iterator[tuple[str, bool, object]]:
    for number, case in enumerate(json.loads(file.read_text())["tests"]):
        name = f"{file.stem.removesuffix('-test')}/{case['test_type']}/{number} {case['description']}"
        found = outcome(case["test_type"], case["input"])
        wanted = None if case["expected_failure"] else expected(case)
        yield name, found == wanted, f"{case['input']}: {found}, expected {wanted}"


def expected(case: dict[str, Any]) -> object:
    """A build test gives the text, a parse test the parts; empty parts count as absent."""
    wanted = case["expected_output"]
    return present(wanted) if isinstance(wanted, dict) else wanted


def outcome(operation: str, given: Any) -> object:
    """None where it is refused."""
    try:
        if operation == "build":
            return built(given)
        url = parse_purl(given)
    except (DocumentError, ValueError, TypeError):
        return None
    return present(url.to_dict()) if operation == "parse" else url.to_string()


def built(parts: dict[str, Any]) -> str | None:
    url = Purl(**parts)
    return None if fault_of(url) else url.to_string()


def present(parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value}


def test_the_corpus_is_there() -> None:
    assert list(corpus("purl-spec").glob("tests/*"))


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_package_urls_are_those_of_the_specification(file: Path) -> None:
    SUITE.settle_all(results(file))
