"""Every record of the schema's own examples is read, or refused for the reason that upstream states."""

from pathlib import Path

import pytest

from propolis.core.errors import DocumentError, Place
from propolis.images.model.osv_record import parse_record
from tests.harness.corpora import Suite, corpora, corpus

FOLDER = corpora() / "osv-schema"
RECORDS = sorted(
    [*FOLDER.glob("linter/*.json"), *FOLDER.glob("ghsa/*.osv.json"), *FOLDER.glob("redhat/OSV/*.json")]
)
REFUSED = {"nointroduced-CVE-2023-41045.json": "no introduced event"}
SUITE = Suite("osv-schema", __file__)


def test_the_corpus_is_there() -> None:
    corpus("osv-schema")
    assert RECORDS


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_an_example_is_read_or_refused_for_the_stated_reason(path: Path) -> None:
    try:
        found = parse_record(path.read_bytes(), Place(path.name)).id.replace(":", "_")
    except DocumentError as error:
        SUITE.settle(path.name, is_right=REFUSED.get(path.name, "never") in str(error), why=error)
        return
    is_right = path.name not in REFUSED and (found in path.name or path.parent.name == "ghsa")
    SUITE.settle(path.name, is_right=is_right, why=found)
