import json
from typing import Any

import pytest

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.finding import Severity
from propolis.images.model.advisory import Advisory, Affected, Score, ScoreKind
from propolis.images.model.osv_record import parse_record
from propolis.lang.versions.ranges import EndKind, Interval

PLACE = Place("record.json", 1)
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(**fields: Any) -> Advisory:
    document = {"id": "GHSA-1", "modified": "2024-01-02T03:04:05Z", **fields}
    return parse_record(json.dumps(document).encode(), PLACE)


def entry(name: str = "left-pad", ecosystem: str = "npm", **fields: Any) -> dict[str, Any]:
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}]}]
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **fields}


def test_events_become_intervals() -> None:
    found = record(affected=[entry()]).affected
    assert found == (Affected("npm", "left-pad", (Interval("", "1.3.0", EndKind.FIXED),)),)


def test_equal_intervals_of_several_ranges_stand_once() -> None:
    doubled = entry()
    doubled["ranges"] *= 2
    assert len(record(affected=[doubled]).affected[0].intervals) == 1


def test_listed_versions_that_a_range_holds_are_dropped() -> None:
    found = record(affected=[entry(versions=["1.0.0", "1.2.0", "2.0.0", "2.0.0"])])
    assert found.affected[0].versions == ("2.0.0",)


def test_an_introduction_may_be_exclusive() -> None:
    opened = [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}]}]
    found = record(affected=[entry(ranges=opened, database_specific={"introduced_is_exclusive": True})])
    assert found.affected[0].intervals == (Interval("1.0.0", excludes_start=True),)


def test_names_are_spelled_as_the_registry_compares_them() -> None:
    found = record(
        affected=[entry("Foo_Bar.baz", "PyPI"), entry("Newtonsoft.Json", "NuGet"), entry("A/B", "Go")]
    )
    assert [one.package for one in found.affected] == ["foo-bar-baz", "newtonsoft.json", "A/B"]


def test_entries_that_can_match_nothing_are_counted() -> None:
    commits = [{"type": "GIT", "repo": "https://example.test", "events": [{"introduced": "0"}]}]
    found = record(
        affected=[
            {"ranges": commits},
            entry(ranges=commits),
            entry(ranges=[]),
            entry(ecosystem="OSS-Fuzz", ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": "1"}]}]),
            entry(),
        ]
    )
    assert (len(found.affected), found.left_out) == (1, 4)


def test_an_unknown_ecosystem_with_semantic_versions_is_ordered_by_them() -> None:
    assert record(affected=[entry(ecosystem="Atlantis")]).affected[0].intervals


def test_an_unordered_ecosystem_keeps_its_listed_versions() -> None:
    found = record(affected=[entry(ecosystem="OSS-Fuzz", ranges=[], versions=["abc", "def"])])
    assert found.affected[0].versions == ("abc", "def")


def test_scores_of_the_only_entry_become_those_of_the_record() -> None:
    found = record(affected=[entry(severity=[{"type": "CVSS_V3", "score": VECTOR}])])
    assert found.scores == (Score(ScoreKind.CVSS_V3, VECTOR),)
    assert found.affected[0].scores == ()


def test_scores_that_differ_stay_with_their_entries() -> None:
    scored = entry(severity=[{"type": "CVSS_V3", "score": VECTOR}])
    found = record(affected=[scored, entry("other")])
    assert (found.scores, found.affected[0].scores) == ((), (Score(ScoreKind.CVSS_V3, VECTOR),))


def test_scores_of_later_schemas_are_passed_over() -> None:
    assert record(severity=[{"type": "CVSS_V9", "score": "x"}]).scores == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM),
        ({"database_specific": {"severity": ["odd"]}}, Severity.UNKNOWN),
        ({"summary": "Important: kernel security update"}, Severity.HIGH),
        ({"summary": "A critical bug"}, Severity.UNKNOWN),
        ({"affected": [entry(ecosystem_specific={"urgency": "unimportant"})]}, Severity.LOW),
        ({"affected": [entry(database_specific={"informational": "unmaintained"})]}, Severity.INFO),
        ({"affected": [entry(ecosystem_specific={"severity": "low"}), entry("b")]}, Severity.UNKNOWN),
    ],
)
def test_the_publisher_s_word_is_found_where_publishers_write_it(
    fields: dict[str, Any], expected: Severity
) -> None:
    assert record(**fields).rating is expected


def test_an_erratum_that_mends_ordinary_bugs_affects_nothing() -> None:
    document = {"id": "ALBA-2024:1", "modified": "2024-01-02T03:04:05Z", "affected": [entry()]}
    found = parse_record(json.dumps(document).encode(), PLACE)
    assert (found.affected, found.left_out) == ((), 1)
    document["related"] = ["CVE-2024-1"]
    assert parse_record(json.dumps(document).encode(), PLACE).affected


def test_references_stand_with_the_advisory_first() -> None:
    kinds = [{"type": kind, "url": kind.lower()} for kind in ("WEB", "FIX", "ADVISORY", "WEB")]
    assert record(references=kinds).references == ("advisory", "fix", "web")


def test_null_lists_are_empty() -> None:
    assert record(aliases=None, affected=None, references=None).aliases == ()


def test_the_source_is_the_record_s_own_or_the_caller_s() -> None:
    document = b'{"id": "a", "modified": "2024-01-01T00:00:00Z"}'
    assert parse_record(document, PLACE, "mine").source == "mine"
    assert record(database_specific={"source": "theirs"}).source == "theirs"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "record.json:1: Input data was truncated"),
        (b'{"id": "a",\n oops}', "record.json:2:2: JSON is malformed"),
        (b"[1]", "Expected `object`, got `array`"),
        (b'{"id": "a"}', "missing required field `modified`"),
        (b'{"id": 7, "modified": "2024-01-01T00:00:00Z"}', "Expected `str`, got `int` - at `$.id`"),
        (b'{"id": "a", "modified": "soon"}', "Invalid RFC3339 encoded datetime - at `$.modified`"),
        (b'{"id": "", "modified": "2024-01-01T00:00:00Z"}', "id '' of 0 characters"),
        (b'{"id": "a\xff"}', "can't decode byte"),
    ],
)
def test_what_is_no_record_is_refused_with_its_place(text: bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_record(text, PLACE)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([{"fixed": "1"}], "no introduced event"),
        ([{"introduced": "0", "fixed": "1"}], "expected one of introduced"),
        ([{"began": "0"}], "expected one of introduced"),
        ([], "no introduced event"),
    ],
)
def test_a_range_that_the_schema_refuses_is_refused(events: list[dict[str, str]], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        record(affected=[entry(ranges=[{"type": "SEMVER", "events": events}])])


@pytest.mark.parametrize(
    "fields",
    [
        {"affected": [entry()] * 50_001},
        {"affected": [entry(versions=[str(number) for number in range(50_001)])]},
        {"affected": [entry(ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}] * 50_001}])]},
        {"affected": [entry(versions=["1" * 1_000_000])]},
    ],
    ids=["entries", "versions", "events", "a long version"],
)
def test_records_beyond_the_limits_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(LimitError):
        record(**fields)


def test_long_names_are_refused() -> None:
    with pytest.raises(DocumentError, match="alias"):
        record(aliases=["x" * 501])
    with pytest.raises(DocumentError, match="package name"):
        record(affected=[entry("x" * 501)])


def test_deep_nesting_is_refused() -> None:
    deep = (
        b'{"id": "a", "modified": "2024-01-01T00:00:00Z", "database_specific": ' + b'{"severity": [' * 50_000
    )
    with pytest.raises(LimitError, match="nested too deep"):
        parse_record(deep, PLACE)
