"""Every record of the schema's own examples is read, or refused for the reason that upstream states."""

from pathlib import Path

import pytest

from propolis.core.errors import DocumentError, Place
from propolis.images.model.osv_record import parse_record
from tests.harness.corpora import corpora

FOLDER = corpora() / "osv-schema"
RECORDS = sorted(
    [*FOLDER.glob("linter/*.json"), *FOLDER.glob("ghsa/*.osv.json"), *FOLDER.glob("redhat/OSV/*.json")]
)
REFUSED = {"nointroduced-CVE-2023-41045.json": "no introduced event"}
COUNT = 25


@pytest.mark.skipif(not RECORDS, reason="corpus osv-schema is absent: set PROPOLIS_CORPORA")
def test_every_example_is_there() -> None:
    assert len(RECORDS) == COUNT


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_an_example_is_read_or_refused_for_the_stated_reason(path: Path) -> None:
    text = path.read_bytes()
    if path.name in REFUSED:
        with pytest.raises(DocumentError, match=REFUSED[path.name]):
            parse_record(text, Place(path.name))
        return
    advisory = parse_record(text, Place(path.name))
    assert advisory.id.replace(":", "_") in path.name or path.parent.name == "ghsa"
    assert advisory.modified.year > 2000
