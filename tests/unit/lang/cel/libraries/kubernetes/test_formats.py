import pytest

from propolis.lang.cel.libraries.kubernetes.formats import FORMAT_LIBRARY, FORMATS
from propolis.lang.cel.values import NONE
from tests.harness.cel import run


def _problems(name: str, text: str) -> list[str]:
    found = run(FORMAT_LIBRARY, "format-validate", FORMATS[name], text)
    return found.value if found.has_value else []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dns1123Label", "a" * 63),
        ("dns1123Label", "0-a"),
        ("dns1123Subdomain", "a.b-c.0"),
        ("dns1035Label", "a-0"),
        ("qualifiedName", "a.B_c"),
        ("qualifiedName", "example.com/a.B_c"),
        ("dns1123LabelPrefix", "a-"),
        ("dns1123LabelPrefix", "a--"),
        ("dns1123SubdomainPrefix", "a.-"),
        ("dns1035LabelPrefix", "a-"),
        ("labelValue", ""),
        ("labelValue", "A_b.c"),
        ("uri", "/path"),
        ("uri", "mailto:x"),
        ("uuid", "123E4567e89b12d3-a456-426614174000"),
        ("byte", "aGVsbG8="),
        ("date", "2024-02-29"),
        ("date", "0000-02-29"),
        ("datetime", "2024-01-01T00:00:00Z"),
        ("datetime", "2024-01-01t00:00:00.123+23:59"),
        ("datetime", "2024-01-01T00:00:00ZTanything"),
    ],
)
def test_a_text_fits_a_format(name: str, text: str) -> None:
    assert _problems(name, text) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("dns1123Label", "a" * 64, "must be no more than 63 characters"),
        ("dns1123Label", "a.b", "must not contain dots"),
        ("dns1123Label", "a\n", "a lowercase RFC 1123 label must consist of"),
        ("dns1123Subdomain", "a" * 254, "must be no more than 253 characters"),
        ("dns1123Subdomain", "a..b", "a lowercase RFC 1123 subdomain must consist of"),
        ("dns1035Label", "0a", "a DNS-1035 label must consist of"),
        ("qualifiedName", "/a", "prefix part must be non-empty"),
        ("qualifiedName", "a/", "name part must be non-empty"),
        ("qualifiedName", "a/b/c", "a valid label key must consist of"),
        ("qualifiedName", "A/b", "prefix part a lowercase RFC 1123 subdomain"),
        ("qualifiedName", "a" * 64, "name part must be no more than 63 bytes"),
        ("dns1123LabelPrefix", "-", "a lowercase RFC 1123 label"),
        ("labelValue", "é" * 32, "must be no more than 63 bytes"),
        ("labelValue", "-a", "a valid label must be an empty string or consist of"),
        ("uri", "nowhere", 'parse "nowhere": invalid URI for request'),
        ("uuid", "123", "does not match the UUID format"),
        ("byte", "", "invalid base64"),
        ("byte", "aGVsbG8", "invalid base64"),
        ("date", "2023-02-29", "invalid date"),
        ("date", "2023-00-01", "invalid date"),
        ("date", "2023-1-1", "invalid date"),
        ("datetime", "2024-01-01", "invalid datetime"),
        ("datetime", "2024-01-01T24:00:00Z", "invalid datetime"),
        ("datetime", "2024-01-01T00:00:60Z", "invalid datetime"),
        ("datetime", "2024-01-01T00:00:00", "invalid datetime"),
    ],
)
def test_a_text_that_does_not_fit_says_why(name: str, text: str, problem: str) -> None:
    assert any(one.startswith(problem) for one in _problems(name, text)), _problems(name, text)


def test_formats_have_names() -> None:
    for name, form in FORMATS.items():
        assert run(FORMAT_LIBRARY, "format-named", name).value == form
        assert run(FORMAT_LIBRARY, f"format.{name}") == form
    assert run(FORMAT_LIBRARY, "format-named", "unknown") == NONE
    assert len(set(FORMATS.values())) == len(FORMATS)


def test_endless_texts_are_judged_at_once() -> None:
    for name in FORMATS:
        assert _problems(name, "a-" * 200_000 + "!") != []
