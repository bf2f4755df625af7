"""Definitions of Kyverno's kinds: whatever an API server takes by them, it takes by ours."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from propolis.lang.yaml import load_documents
from propolis.policy.model.schema.definitions import definitions
from tests.harness.corpora import Suite, corpora, corpus
from tests.harness.structural_schemas import documents, narrowed, problems

SUITE = Suite("kyverno-crds", __file__)
NAMES = ("kind", "listKind", "plural", "singular", "shortNames", "categories")
VERSION = ("served", "storage", "deprecated", "subresources", "additionalPrinterColumns")
_FOLDER = corpora() / SUITE.name
FILES = sorted(_FOLDER.glob("*/*.yaml")) if _FOLDER.is_dir() else []
OURS = {one["metadata"]["name"]: one for one in definitions()}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def theirs(path: Path) -> dict[str, Any]:
    """A definition of the corpus."""
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  # a safe loader
    assert isinstance(found, dict)
    return found


def versions(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in definition["spec"]["versions"]}


def differences(path: Path) -> Iterator[str]:
    """All that differs between a definition and ours of that name."""
    their = theirs(path)
    name = their["metadata"]["name"]
    if name not in OURS:
        yield "there is none"
        return
    our = OURS[name]
    for word in NAMES:
        if their["spec"]["names"].get(word) != our["spec"]["names"].get(word):
            yield f"{word} is {our['spec']['names'].get(word)}"
    if their["spec"]["scope"] != our["spec"]["scope"]:
        yield f"scope is {our['spec']['scope']}"
    if versions(their).keys() != versions(our).keys():
        yield f"versions are {sorted(versions(our))}"
    for version in versions(their).keys() & versions(our).keys():
        one, own = versions(their)[version], versions(our)[version]
        for word in VERSION:
            if (one.get(word) or None) != (own.get(word) or None):
                yield f"{version}: {word} is {own.get(word)}"
        yield from narrowed(schema_of(one), schema_of(own), version)


def schema_of(version: dict[str, Any]) -> dict[str, Any]:
    found = version["schema"]["openAPIV3Schema"]
    assert isinstance(found, dict)
    return found


def test_the_corpus_is_there() -> None:
    corpus(SUITE.name)
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_names_versions_and_columns_are_equal_and_the_schema_is_as_wide(path: Path) -> None:
    found = list(differences(path))
    SUITE.settle(theirs(path)["metadata"]["name"], is_right=not found, why="\n  ".join(found[:20]))


PAIRS = [
    (f"{kind['metadata']['name']}/{version}", kind["metadata"]["name"], version, schema_of(one))
    for kind in map(theirs, FILES)
    if kind["metadata"]["name"] in OURS
    for version, one in versions(kind).items()
    if one["served"]
]


@pytest.mark.parametrize(
    ("name", "version", "schema"), [pair[1:] for pair in PAIRS], ids=[one[0] for one in PAIRS]
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_documents_made_by_their_schema_are_valid_by_ours(
    name: str, version: str, schema: dict[str, Any], data: st.DataObject
) -> None:
    document = data.draw(documents(schema))
    if not problems(schema, document):
        assert not problems(schema_of(versions(OURS[name])[version]), document)


def policies(folder: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Where a document of a kind of ours stands, the document, their schema and ours."""
    known = {
        (kind["spec"]["group"], version, kind["spec"]["names"]["kind"]): (
            schema_of(one),
            kind["metadata"]["name"],
        )
        for kind in map(theirs, FILES)
        for version, one in versions(kind).items()
        if kind["metadata"]["name"] in OURS
    }
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        for parsed in load_documents(path.read_bytes(), str(path)):
            document = parsed.document
            if not isinstance(document, dict):
                continue
            group, _, version = str(document.get("apiVersion")).partition("/")
            found = known.get((group, version, str(document.get("kind"))))
            if found is not None:
                schema, name = found
                own = schema_of(versions(OURS[name])[version])
                yield f"{path.relative_to(folder)}:{parsed.line}", document, schema, own


@pytest.mark.parametrize("name", ["kyverno-policies", "kyverno-cli", "chainsaw"])
def test_documents_of_other_corpora_that_their_schemas_take_are_taken(name: str) -> None:
    corpus(SUITE.name)
    valid = 0
    wrong = []
    for place, document, schema, own in policies(corpus(name)):
        if not problems(schema, document):
            valid += 1
            wrong += [f"{place}: {text}" for text in problems(own, document)]
    assert valid > 40, f"only {valid} documents were compared"
    assert not wrong, "\n".join(wrong[:20])
