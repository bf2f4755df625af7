import pytest

from propolis.lang.semver import parse_version


def test_versions_sort_as_the_specification_says() -> None:
    order = ["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.2.0", "1.10.0", "2.0.0"]
    found = [parse_version(text) for text in order]
    assert None not in found
    assert found == sorted(found)  # type: ignore[type-var]


@pytest.mark.parametrize("text", ["1.0", "v1.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "", "1.0.0 "])
def test_other_text_is_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_build_metadata_does_not_count() -> None:
    assert parse_version("1.0.0+a") == parse_version("1.0.0+b")
