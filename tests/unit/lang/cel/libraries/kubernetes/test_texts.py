import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.jsonpatch import JSON_PATCH_LIBRARY
from propolis.lang.cel.libraries.kubernetes.regex import REGEX_LIBRARY
from propolis.lang.cel.libraries.kubernetes.semver import SEMVER_V0, SEMVER_V1
from propolis.lang.jmespath.regexes import LONGEST_PATTERN
from tests.harness.cel import run

NORMALIZES = True


@pytest.mark.parametrize(
    ("text", "pattern", "first", "every"),
    [
        ("abc 123", "[0-9]+", "123", ["123"]),
        ("abc 123", "xyz", "", []),
        ("123 abc 456", "[0-9]*", "123", ["123", "", "", "", "", "456"]),
        ("", "a*", "", [""]),
        ("aaa", "aa", "aa", ["aa"]),
        ("é漢é", "é", "é", ["é", "é"]),
        ("a\nb", "(?m)^.", "a", ["a", "b"]),
    ],
)
def test_a_pattern_finds_texts(text: str, pattern: str, first: str, every: list[str]) -> None:
    assert run(REGEX_LIBRARY, "string_find_string", text, pattern) == first
    assert run(REGEX_LIBRARY, "string_find_all_string", text, pattern) == every
    assert run(REGEX_LIBRARY, "string_find_all_string_int", text, pattern, 0) == []
    assert run(REGEX_LIBRARY, "string_find_all_string_int", text, pattern, 1) == every[:1]
    assert run(REGEX_LIBRARY, "string_find_all_string_int", text, pattern, -5) == every


@pytest.mark.parametrize("pattern", ["(", "(?=a)", "a{2000}", "a" * (LONGEST_PATTERN + 1)])
def test_a_pattern_that_re2_does_not_take_is_an_error(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="Illegal regex"):
        run(REGEX_LIBRARY, "string_find_string", "a", pattern)


def test_a_pattern_that_backtracks_elsewhere_is_fast() -> None:
    assert run(REGEX_LIBRARY, "string_find_string", "a" * 100_000, "(a*)*b") == ""


def test_a_key_is_escaped_for_a_json_pointer() -> None:
    assert (
        run(JSON_PATCH_LIBRARY, "string_jsonpatch_escapeKey_string", "k8s.io/my~label") == "k8s.io~1my~0label"
    )
    assert run(JSON_PATCH_LIBRARY, "string_jsonpatch_escapeKey_string", "~1") == "~01"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Version string empty"),
        ("1.2", "No Major.Minor.Patch elements found"),
        ("v1.2.3", 'Invalid character(s) found in major number "v1"'),
        ("1.x.3", 'Invalid character(s) found in minor number "x"'),
        ("1.2.3x", 'Invalid character(s) found in patch number "3x"'),
        ("01.2.3", 'Major number must not contain leading zeroes "01"'),
        ("1.2.03-a", 'Patch number must not contain leading zeroes "03"'),
        ("1..3", 'strconv.ParseUint: parsing "": invalid syntax'),
        ("1.2.3-", "is no version"),
        ("1.2.3+", "is no version"),
        ("1.2.3-01", "is no version"),
    ],
)
def test_what_is_no_version_says_why(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(SEMVER_V0, "string_to_semver", text)
    assert problem in caught.value.message
    assert run(SEMVER_V0, "is_semver_string", text) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1.0.0", "1.0.0"),
        ("1", "1.0.0"),
        ("1.1", "1.1.0"),
        ("v01.01", "1.1.0"),
        ("000.00.0", "0.0.0"),
        ("1.2.03-rc.1+build", "1.2.3-rc.1"),
    ],
)
def test_a_version_is_normalized_on_demand(text: str, expected: str) -> None:
    assert str(run(SEMVER_V1, "string_bool_to_semver", text, NORMALIZES)) == expected
    assert run(SEMVER_V1, "is_semver_string_bool", text, NORMALIZES) is True
    assert run(SEMVER_V1, "is_semver_string_bool", text, not NORMALIZES) is False


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'strconv.ParseUint: parsing "": invalid syntax'),
        (" 1.0.0", "Invalid character(s)"),
        ("1.0-rc", "short version cannot contain PreRelease/Build meta data"),
        ("vv1", "Invalid character(s)"),
    ],
)
def test_some_texts_cannot_be_normalized(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(SEMVER_V1, "string_bool_to_semver", text, NORMALIZES)
    assert problem in caught.value.message


def test_versions_are_ordered() -> None:
    texts = ["1.0.0-1", "1.0.0-2", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1", "1.10.0"]
    versions = [run(SEMVER_V0, "string_to_semver", text) for text in texts]
    for index, one in enumerate(versions):
        for other_index, other in enumerate(versions):
            expected = (index > other_index) - (index < other_index)
            assert run(SEMVER_V0, "semver_compare_to", one, other) == expected
            assert run(SEMVER_V0, "semver_is_less_than", one, other) is (expected < 0)
            assert run(SEMVER_V0, "semver_is_greater_than", one, other) is (expected > 0)


def test_what_follows_a_plus_does_not_count() -> None:
    one, other = (run(SEMVER_V0, "string_to_semver", text) for text in ("1.0.0+a", "1.0.0+b"))
    assert one == other


def test_a_version_has_numbers() -> None:
    version = run(SEMVER_V0, "string_to_semver", "1.2.9223372036854775808")
    numbers = [run(SEMVER_V0, f"semver_{name}", version) for name in ("major", "minor", "patch")]
    assert numbers == [1, 2, -(2**63)]
