import pytest

from propolis.lang.wildcard import has_wildcard, matches


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("**", "anything", True),
        ("nginx", "nginx", True),
        ("nginx", "nginx2", False),
        ("nginx*", "nginx", True),
        ("*nginx", "my-nginx", True),
        ("a*b", "ab", True),
        ("a*a", "a", False),
        ("*mid*", "amidst", True),
        ("?", "", False),
        ("?", "x", True),
        ("ab??", "abc", False),
        ("ab??", "abcd", True),
        ("a*?", "a", False),
        ("a*?d", "abcd", True),
        ("*.example.com/*:v?", "x.example.com/y:v1", True),
        ("*.example.com/*:v?", "x.example.com/y:v10", False),
        ("a.c", "abc", False),
        ("line*end", "line\nend", True),
    ],
)
def test_a_pattern_matches_whole_texts_only(pattern: str, text: str, is_match: bool) -> None:  # noqa: FBT001
    assert matches(pattern, text) is is_match


def test_many_stars_take_no_exponential_time() -> None:
    assert not matches("*a" * 40 + "b", "a" * 20_000)


def test_both_characters_count_as_wildcards() -> None:
    assert [has_wildcard(text) for text in ("a*", "a?", "a.b")] == [True, True, False]
