import pytest

from propolis.core.errors import DocumentError, LimitError
from propolis.lang.versions.constraints.advisory import is_vulnerable
from propolis.lang.versions.constraints.styles import parse_constraint

CASES = [
    ("npm", ">=1.0.0 <2.0.0", "1.5.0 2.0.0-rc.1", "2.0.0 0.9"),
    ("npm", ">=1.0.0, <2.0.0 || >=3.1.0", "1.0.0 3.1.0 9.0.0", "2.5.0 3.0.0"),
    ("npm", "^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1"),
    ("npm", "^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
    ("npm", "^0.0.3", "0.0.3", "0.0.4"),
    ("npm", "~1.2.3", "1.2.3 1.2.9", "1.3.0"),
    ("npm", "~1", "1.0.0 1.9.9", "2.0.0"),
    ("npm", "1.2.x", "1.2.0 1.2.9", "1.3.0"),
    ("npm", "1.x || 3.x.x", "1.9.9 3.0.0", "2.0.0"),
    ("npm", "*", "0.0.1 99.0.0", ""),
    ("npm", ">1.2", "1.3.0", "1.2.9"),
    ("npm", "<=1.2", "1.2.9", "1.3.0"),
    ("npm", "^1.x", "1.0.0 1.9.9", "2.0.0"),
    ("npm", "1.2.0 - 2.3", "1.2.0 2.3.9", "1.1.9 2.4.0"),
    ("crates.io", ">= 0.9.1, < 0.9.3", "0.9.2", "0.9.3"),
    ("crates.io", "1.2.3", "1.2.3 1.9.0", "2.0.0"),
    ("RubyGems", "~> 2.1.3", "2.1.3 2.1.9", "2.2.0 2.1.2 2.2.0.pre"),
    ("RubyGems", "~> 2.1", "2.1.0 2.9.9", "3.0.0 3.0.a"),
    ("RubyGems", ">= 1.0.a, != 1.5", "1.4 1.6", "1.5 0.9"),
    ("Packagist", "~1.2|^3.1.4", "1.2.0 1.9.0 3.9.9", "2.0.0 3.1.3"),
    ("Hex", "~> 2.1 or >= 4.0.0 and < 4.1.0", "2.9.0 4.0.5", "3.0.0 4.1.0"),
    ("Maven", "[1.0,2.0),[3.0,)", "1.0 1.9.9 4", "2.0 2.9 0.9"),
    ("Maven", "(,1.2.3]", "1.2.3 0.1", "1.2.4"),
    ("Maven", "[1.2]", "1.2.0", "1.2.1"),
    ("NuGet", "(1.0, 2.0)", "1.0.1", "1.0 2.0"),
    ("NuGet", "= 1.0", "1.0.0.0", "1.0.1"),
    ("Go", "< v1.2.3", "v1.2.2", "v1.2.3"),
    ("PyPI", "==1.*", "1.0 1.9.post1", "2.0"),
    ("PyPI", "!=1.2.*, >=1", "1.1 1.3", "1.2.5 0.9"),
    ("PyPI", "~=2.2.1", "2.2.1 2.2.9", "2.3 2.2"),
    ("PyPI", "<2.0", "1.9 1.9.post1", "2.0 2.0rc1"),
    ("PyPI", "<2.0rc2", "2.0rc1", "2.0rc2"),
    ("PyPI", ">1.0", "1.1 1.0.1", "1.0 1.0.post1 1.0+local"),
    ("PyPI", "===1.0+x", "1.0+X", "1.0"),
    ("PyPI", "==1.0 || ==3.0", "1.0 3.0", "2.0"),
    ("PyPI", "*", "1.0", ""),
    ("Debian:12", "< 1", "0.9-1", "1.0-1"),
    ("Debian:12", ">=1:1.2~rc1-1, <1:1.2-3", "1:1.2-1 1:1.2~rc1-2", "1.2-1 1:1.2-3"),
    ("Alpine:v3.19", "<1.2.3-r4", "1.2.3-r3", "1.2.3-r4"),
    ("AlmaLinux:9", ">= 1.0^git1-1", "1.0^git2-1", "1.0-9"),
]  # fmt: skip


@pytest.mark.parametrize(("ecosystem", "expression", "inside", "outside"), CASES)
def test_an_expression_holds_for_the_versions_it_means(
    ecosystem: str, expression: str, inside: str, outside: str
) -> None:
    constraint = parse_constraint(ecosystem, expression)
    assert [version for version in inside.split() if not constraint.matches(version)] == []
    assert [version for version in outside.split() if constraint.matches(version)] == []


@pytest.mark.parametrize(
    ("ecosystem", "expression", "column"),
    [
        ("npm", "", 1),
        ("npm", "  ", 1),
        ("npm", ">>>1.2.3", 2),
        ("npm", ">=1.0.0, !2", 10),
        ("npm", ">=1.0.0 ||", 11),
        ("npm", "1.0.0 || >=", 12),
        ("Hex", ">= 1.2..3", 4),
        ("RubyGems", "^1.0", 2),
        ("Hex", "*", 1),
        ("Maven", "[1.0,2.0", 1),
        ("Maven", "(1.0)", 1),
        ("Maven", "[1.0],x", 7),
        ("PyPI", "!1.0", 1),
        ("PyPI", ">=1.*", 3),
        ("PyPI", "~=2", 3),
        ("PyPI", ">=1.0 ||", 8),
        ("PyPI", ">=1.0, <garbage!", 9),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_column(
    ecosystem: str, expression: str, column: int
) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_constraint(ecosystem, expression)
    assert (caught.value.place.column, bool(caught.value.expected)) == (column, True)


def test_a_text_that_is_no_version_is_an_error_when_asked_about() -> None:
    with pytest.raises(DocumentError, match="no version"):
        parse_constraint("npm", "<1.0.0").matches("1.2..4")


def test_an_ecosystem_without_an_order_is_an_error() -> None:
    with pytest.raises(DocumentError, match="no order"):
        parse_constraint("OSS-Fuzz", "<1")


@pytest.mark.parametrize("ecosystem", ["npm", "PyPI", "Maven"])
def test_long_expressions_are_refused(ecosystem: str) -> None:
    with pytest.raises(LimitError):
        parse_constraint(ecosystem, "[1,2)," * 5000)


@pytest.mark.parametrize(("ecosystem", "part"), [("npm", "<1 || "), ("PyPI", "<1,"), ("Maven", "[1,],")])
def test_expressions_of_many_parts_are_refused(ecosystem: str, part: str) -> None:
    with pytest.raises(LimitError, match="parts"):
        parse_constraint(ecosystem, part * 600 + part.strip(" |,"))


@pytest.mark.parametrize(
    ("ecosystem", "expression", "text"),
    [
        ("npm", " >=1.0.0   <2.0.0||3.x ", ">=1.0.0, <2.0.0 || 3.x"),
        ("Maven", "[1.0, 2.0) , (,0.5]", ">=1.0, <2.0 || <=0.5"),
        ("PyPI", ">=1.0 , <2.0|| ==3.*", ">=1.0, <2.0 || ==3.*"),
        ("Maven", "(,)", "*"),
    ],
)
def test_an_expression_is_written_in_one_spelling(ecosystem: str, expression: str, text: str) -> None:
    assert str(parse_constraint(ecosystem, expression)) == text


def test_patched_versions_are_taken_out_of_the_vulnerable_ones() -> None:
    assert not is_vulnerable("RubyGems", "1.5.1", ["< 2.0"], ["~> 1.5.1"], [])
    assert is_vulnerable("RubyGems", "1.5.0", ["< 2.0"], ["~> 1.5.1"], [])


def test_an_advisory_that_names_no_version_affects_nothing() -> None:
    assert not is_vulnerable("RubyGems", "1.0")
