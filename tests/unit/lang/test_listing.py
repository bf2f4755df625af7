import pytest

from propolis.lang.listing import some


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "a"], "a, b"),
        (list("abcd"), "a, b, c, d"),
        (list("abcdef"), "a, b, c, d and 2 more"),
    ],
)
def test_a_list_shows_the_first_few(words: list[str], expected: str) -> None:
    assert some(words) == expected


def test_number_and_separator_can_be_chosen() -> None:
    assert some(list("abc"), shown=2, separator="; ") == "a; b and 1 more"
