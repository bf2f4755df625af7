"""Every YAML and JSON file of all corpora, by the fast parser, by the reference and by PyYAML."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.lang.yaml import load_documents, plain
from tests.conformance.yaml_files.loaders import (
    by_fast_parser,
    by_pyyaml,
    by_reference,
    is_known_refusal,
    is_same,
    means_the_same,
    pieces,
)
from tests.harness.corpora import corpora

ABSENT = "all corpora"
MANIFESTS = ("chainsaw", "kyverno-cli", "kyverno-policies", "polaris")
SUFFIXES = {".yaml", ".yml", ".json"}


def names() -> list[str]:
    root = corpora()
    found = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return [name for name in found if next(files(name), None)] or [ABSENT]


def files(name: str) -> Iterator[Path]:
    for path in sorted((corpora() / name).rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            yield path


@pytest.fixture(params=names())
def corpus(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == ABSENT:
        pytest.skip("no corpus is there: set PROPOLIS_CORPORA to the folder that holds them")
    return name


def test_both_loaders_read_every_document_alike(corpus: str) -> None:
    for path in files(corpus):
        for text in pieces(path.read_bytes()):
            fast = by_fast_parser(text)
            assert fast is plain.NOT_PLAIN or is_same(fast, by_reference(text)), path


def test_most_manifests_take_the_fast_path() -> None:
    texts = [text for name in MANIFESTS for path in files(name) for text in pieces(path.read_bytes())]
    if not texts:
        pytest.skip("no corpus is there: set PROPOLIS_CORPORA to the folder that holds them")
    fast = sum(by_fast_parser(text) is not plain.NOT_PLAIN for text in texts)
    assert fast / len(texts) > 0.85


def test_pyyaml_reads_the_same_but_for_the_known_differences_of_go_yaml(corpus: str) -> None:
    different = set()
    for path in files(corpus):
        for number, text in enumerate(pieces(path.read_bytes())):
            ours, theirs = by_reference(text), by_pyyaml(text)
            if not is_known_refusal(ours, theirs) and not means_the_same(ours, theirs):
                different.add(f"{path.relative_to(corpora())}#{number}")
    assert different == set()


def test_json_files_mean_the_same_as_json_and_as_yaml(corpus: str) -> None:
    for path in files(corpus):
        if path.suffix != ".json":
            continue
        texts = list(pieces(path.read_bytes()))
        parsed = load_documents(path.read_bytes())
        if len(parsed) == len(texts):  # not a stream of JSON, which is no YAML
            for text, found in zip(texts, parsed, strict=True):
                known = by_reference(text)
                assert means_the_same(known, found.document) or isinstance(known, Exception), path
