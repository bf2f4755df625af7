import pytest

from propolis.lang.go_quote import quote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("plain é 漢", '"plain é 漢"'),
        ('say "hi"\\', r'"say \"hi\"\\"'),
        ("a\tb\nc\x00\x7f", r'"a\tb\nc\x00\x7f"'),
        ("\u200b\u00a0", r'"\u200b\u00a0"'),
        ("\U000e0001", r'"\U000e0001"'),
    ],
)
def test_text_is_quoted_as_go_quotes_it(text: str, expected: str) -> None:
    assert quote(text) == expected
