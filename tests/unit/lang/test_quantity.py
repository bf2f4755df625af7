import pytest

from propolis.lang.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0", 0),
        ("1", 10**9),
        ("100m", 10**8),
        ("1.5", 1_500_000_000),
        ("1Ki", 1024 * 10**9),
        ("1.5Gi", 1536 * 1024**2 * 10**9),
        ("12e3", 12_000 * 10**9),
        ("1E2", 100 * 10**9),
        ("1E", 10**18 * 10**9),
        ("-2k", -2000 * 10**9),
        ("+3", 3 * 10**9),
        ("0.1n", 1),
        ("9Ei", (2**63 - 1) * 10**9),
    ],
)
def test_a_quantity_is_exact_billionths(text: str, nano: int) -> None:
    found = parse_quantity(text)
    assert found is not None
    assert found.nano == nano


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "1KiB", "1 Ki", "1e", "1e9999999", "0x1", "1" * 500])
def test_other_text_is_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1500", "1500"),
        ("2000", "2k"),
        ("0.5Ki", "512"),
        ("12e3", "12e3"),
        ("0.001", "1m"),
        ("0Mi", "0"),
    ],
)
def test_the_canonical_text_keeps_the_value_and_the_notation(text: str, canonical: str) -> None:
    assert str(parse_quantity(text)) == canonical
