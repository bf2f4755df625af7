import math

import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.extensions import lists, optionals, strings
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.values import Duration, Timestamp, UInt
from tests.harness.cel_values import failure, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int('-12')", -12),
        ("int(-1.9)", -1),
        ("int(12u)", 12),
        ("int(timestamp('1969-12-31T23:59:59.5Z'))", -1),
        ("uint('7')", UInt(7)),
        ("uint(3.9)", UInt(3)),
        ("double('1e3')", 1000.0),
        ("double('-Inf')", -math.inf),
        ("double('0x1p-2')", 0.25),
        ("double(3u)", 3.0),
        ("bool('t') && !bool('FALSE')", True),
        ("string(1.0)", "1"),
        ("string(1000000.0)", "1e+06"),
        ("string(123456.0)", "123456"),
        ("string(0.0001) + string(0.00001)", "0.00011e-05"),
        ("string(-0.0)", "-0"),
        ("string(1.5e300)", "1.5e+300"),
        ("string(0.0 / 0.0) + string(1.0 / 0.0)", "NaN+Inf"),
        ("string(b'\\xc3\\xa9')", "é"),
        ("string(duration('1h0m0.5s'))", "3600.5s"),
        ("string(timestamp('2020-02-29T12:00:00.120+02:00'))", "2020-02-29T10:00:00.12Z"),
        ("string(true) + string(7u)", "true7"),
        ("bytes('é')", b"\xc3\xa9"),
        ("timestamp(0)", Timestamp(0)),
        ("duration('-1.5s')", Duration(-1_500_000_000)),
        ("timestamp('2020-01-01T00:00:00Z').getHours('Europe/Berlin')", 1),
        ("timestamp('2020-07-01T00:00:00Z').getHours('+05:30')", 5),
        ("timestamp('2020-07-01T00:10:00Z').getMinutes('-00:20')", 50),
        ("timestamp('2020-12-31T23:00:00Z').getDayOfYear()", 365),
        ("timestamp('2020-03-01T00:00:00Z').getDayOfWeek()", 0),
        ("duration('-90s').getMinutes()", -1),
        ("duration('1.234s').getMilliseconds()", 234),
        ("'abc'.matches('^a.c$') && matches('xabcx', 'b')", True),
        ("size('é\U0001f431') + size(b'\\xc3\\xa9')", 4),
    ],
)
def test_the_standard_library_gives(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "int('1.0')", "int(' 1')", "int('')", "int('1_0')", "int(9.3e18)", "int(-9223372036854775808.0)",
        "int(0.0 / 0.0)", "int(18446744073709551615u)", "uint(-1)", "uint('-1')", "uint('+1')", "uint(-0.5)",
        "double('1e999')", "double('1_0')", "double('')", "bool('yes')", "bool('tRUE')", "string(b'\\xff')",
        "timestamp('2020-01-01')", "timestamp('2020-02-30T00:00:00Z')", "timestamp('2020-01-01T24:00:00Z')",
        "timestamp(253402300800)", "timestamp(-62135596801)", "duration('1d')", "duration('')",
        "timestamp(0).getHours('Mars/Olympus')", "timestamp(0).getHours('../../etc/passwd')",
        "timestamp(0).getHours('+25:00')", "timestamp('0001-01-01T00:00:00Z').getHours('-01:00')",
        "'a'.matches('(')", "'a'.matches('(?=a)')", "int('" + "1" * 500 + "')",
    ],
)  # fmt: skip
def test_the_standard_library_fails(text: str) -> None:
    assert failure(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'héllo'.charAt(1) + 'ab'.charAt(2)", "é"),
        ("'abcabc'.indexOf('c', 3) + 'abcabc'.lastIndexOf('b')", 9),
        ("'abcabc'.lastIndexOf('b', 3)", 1),
        ("'abc'.indexOf('') + 'abc'.lastIndexOf('')", 3),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'abc'.split('') + 'abc'.split('', 2) + 'a'.split(',', 0)", ["a", "b", "c", "a", "bc"]),
        ("'aaa'.replace('a', 'b', 2) + 'ab'.replace('', '-')", "bba-a-b-"),
        ("'abcd'.substring(1, 3) + 'abcd'.substring(4)", "bc"),
        ("' \\u00a0\\n x \\u200b'.trim()", "x \u200b"),
        ("'ÀbC'.lowerAscii() + 'ÀbC'.upperAscii()", "ÀbcÀBC"),
        ("['a', 'b'].join('-') + ['a', 'b'].join()", "a-bab"),
        ("strings.quote('a\"\\n\\u0007')", '"a\\"\\n\\a"'),
        ("'héé'.reverse()", "ééh"),
        ("'%s %d %.2f %e %x %X %o %b %%'.format(['a', 1, 2.555, 1234.5, 255, 'hi', 8, true])",
         "a 1 2.56 1.234500e+03 ff 6869 10 1 %"),
        ("'%s'.format([[1, 'a', {'b': 1.5, 'a': null}, duration('1s'), int]])",
         "[1, a, {a: null, b: 1.5}, 1s, int]"),
        ("'%d %s'.format([1.0 / 0.0, 0.0 / 0.0])", "Infinity NaN"),
        ("lists.range(3).reverse() + [3, 1, 2].sort().slice(0, 2)", [2, 1, 0, 1, 2]),
        ("[1, [2, [3]]].flatten(2)", [1, 2, 3]),
        ("[1, dyn(1.0), 1u, 'a', true, 'a', dyn(true), 0.0 / 0.0].distinct().size()", 4),
        ("['b', 'a'].sortBy(x, x)", ["a", "b"]),
        ("sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])", True),
        ("sets.contains(dyn([[1], [{'a': 1}]]), [[1.0]])", True),
        ("base64.encode(b'hi') + string(base64.decode('aGk'))", "aGk=hi"),
        ("regex.replace('abc', '(b)', '[\\\\1]') + regex.replace('aaa', 'a', 'b', 2)", "a[b]cbba"),
        ("regex.extract('ab12', '[0-9]+').value()", "12"),
        ("regex.extractAll('k1=v1;k2=v2', '=(v[0-9])')", ["v1", "v2"]),
        ("math.greatest(1, 2.5, 2u)", 2.5),
        ("math.least([3, 1, 2])", 1),
        ("math.round(-2.5) + math.ceil(1.2) + math.floor(-1.2) + math.trunc(-1.7)", -4.0),
        ("math.abs(-3) + math.sign(-7)", 2),
        ("math.bitShiftRight(-1024, 2)", 4611686018427387648),
        ("math.bitNot(0u)", UInt(2**64 - 1)),
        ("math.sqrt(16)", 4.0),
        ("math.isNaN(math.sqrt(-1.0))", True),
        ("{'a': 1}.transformMap(k, v, v > 0, v * 2)", {"a": 2}),
        ("[5, 6].transformList(i, v, i * v)", [0, 6]),
        ("{'a': 1, 'b': 2}.transformMapEntry(k, v, {v: k})", {1: "a", 2: "b"}),
        ("[1, 2].exists(i, v, i == 1 && v == 2) && [1].existsOne(i, v, v == 1)", True),
    ],
)  # fmt: skip
def test_an_extension_gives(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


OLD_STRINGS = Environment((STANDARD, optionals(), strings(2)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'%s %d'.format(['a', 5u])", "a 5"),
        ("'%s'.format([['a\"', 1.5, null, [2u], duration('1s'), int, b'x', true]])",
         '["a\\"", 1.500000, null, [2], duration("1s"), int, b"x", true]'),
        ("'%s'.format([{'b': 'x', 1: 'y', true: 0.0 / 0.0}])", '{"b":"x", 1:"y", true:"NaN"}'),
        ("'%s %s'.format([2.0, timestamp('2020-01-01T00:00:00Z')])", "2 2020-01-01T00:00:00Z"),
        ("'%.2f %f %.0f'.format([1234567.891, -0.5, 2.5])", "1,234,567.89 -0.500000 2"),
        ("'%e %.3e'.format([1052.032911275, 0.00025])",
         "1.052033\u202f\u00d7\u202f10\u2070\u00b3 2.500000\u202f\u00d7\u202f10\u207b\u2070\u2074"),
        ("'%f %f'.format(['NaN', -1.0 / 0.0])", "NaN -\u221e"),
        ("'%x %X %b %o'.format(['hi', 255, true, 8])", "6869 FF 1 10"),
    ],
)  # fmt: skip
def test_format_of_older_versions_writes_as_american_english_does(text: str, expected: str) -> None:
    assert value(text, OLD_STRINGS) == expected


@pytest.mark.parametrize(
    "text", ["'%d'.format([1.5])", "'%f'.format([1])", "'%e'.format(['1'])", "'%s'.format([b'\\xff'])"]
)
def test_format_of_older_versions_takes_fewer_types(text: str) -> None:
    assert "error during formatting" in failure(text, OLD_STRINGS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("'abc'.indexOf('a', -1)", "index out of range: -1"),
        ("'abc'.substring(2, 1)", "invalid substring range"),
        ("dyn(['a', 1]).join()", "join: invalid input"),
        ("'%d'.format(['a'])", "decimal clause"),
        ("'%s'.format([])", "index 0 out of range"),
        ("'%'.format([1])", "unexpected end"),
        ("'%q'.format([1])", "unrecognized formatting clause"),
        ("'%.2000f'.format([1.0])", "precision"),
        ("'%s'.format([optional.of(1)])", "string clause"),
        ("[1].slice(-1, 0)", "negative indexes"),
        ("[1].slice(0, 2)", "list is length 1"),
        ("[1].flatten(-1)", "non-negative"),
        ("dyn([1, 'a']).sort()", "same type"),
        ("dyn([[1], [2]]).sort()", "comparable"),
        ("lists.range(-1)", "non-negative"),
        ("lists.range(1000001)", "exceeds maximum"),
        ("base64.decode('a$b')", "illegal base64"),
        ("base64.decode('a')", "illegal base64"),
        ("regex.replace('a', 'a', '\\\\2')", "group"),
        ("regex.replace('a', 'a', '\\\\x')", "invalid replacement"),
        ("regex.extract('a', '(a)(b)')", "more than one capturing group"),
        ("math.bitShiftLeft(1, -1)", "negative offset"),
        ("math.abs(-9223372036854775808)", "overflow"),
        ("math.greatest(dyn([]))", "must not be empty"),
        ("{'a': 1, 'b': 1}.transformMapEntry(k, v, {v: k})", "already exists"),
    ],
)
def test_an_extension_fails(text: str, message: str) -> None:
    assert message in failure(text)


def test_versions_bring_functions() -> None:
    oldest = Environment((STANDARD, optionals(0), strings(0), lists(0)))
    newest = Environment((STANDARD, optionals(2), strings(4), lists(3)))
    added = set(newest.functions) - set(oldest.functions)
    assert {"format", "strings.quote", "flatten", "sort", "first", "last"} <= added
    assert ("optFlatMap", True, 2) in newest.macros
    assert ("optFlatMap", True, 2) not in oldest.macros


@pytest.mark.parametrize(
    "text",
    [
        "'a'.replace('a', s)", "s + s + s + s + s", "[s, s, s, s, s].join('')",
        "'%s%s%s%s%s'.format([s, s, s, s, s])", "regex.replace('aaaaa', 'a', s)",
    ],
)  # fmt: skip
def test_what_is_built_has_a_limit(text: str) -> None:
    long = "a" * 1_000_000
    assert "more than" in failure(text.replace("'a'.", "'aaaaa'."), s=long)


def test_a_regular_expression_has_a_limit() -> None:
    assert "more than 16384 characters" in failure("'a'.matches(p)", p="a" * 20_000)
    assert value("('a'.matches(p))", p="(a*)*" * 200) is True


@pytest.mark.parametrize("text", ["s.matches(p)", "matches(s, p)", "regex.extract(s, p) == optional.none()"])
def test_a_long_pattern_on_a_long_text_is_refused(text: str) -> None:
    assert "too long together" in failure(text, s="b" * 100_000, p="a?" * 5000)
    assert "too long together" in failure(text.replace("p)", f"'{'a?' * 500}')"), s="b" * 100_000)
