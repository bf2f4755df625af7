import re
from datetime import UTC, datetime
from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.lang.jmespath import Environment, ExpressionError, compile_expression
from propolis.lang.jmespath.random_text import generate

NOW = datetime(2024, 5, 6, 7, 8, 9, 500_000, tzinfo=UTC)
SEED = "5eed" * 8


def ask(key: LookupKey) -> Answer:
    if key.kind == "dns":
        raise MissingLookups((key,))
    return Answer(SEED)


def evaluate(expression: str, value: Any = None) -> Any:
    return compile_expression(expression).search(value, Environment(now=NOW, ask=ask))


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("time_now()", "2024-05-06T07:08:09Z"),
        ("time_now_utc()", "2024-05-06T07:08:09Z"),
        ("time_since('', '2024-05-06T07:08:00Z', '')", "9.5s"),
        ("time_truncate('2024-05-06T07:58:09+02:00', '1h')", "2024-05-06T07:00:00+02:00"),
        ("time_parse('Jan 2, 2006 at 3:04pm (MST)', 'Feb 3, 2013 at 7:54pm (PST)')", "2013-02-03T19:54:00Z"),
        ("time_parse('02/01/06', '31/12/99')", "1999-12-31T00:00:00Z"),
        ("time_diff('2021-01-02T15:04:05-07:00', '2021-01-02T22:04:05Z')", "0s"),
        ("regex_replace_all('([a-z]+)@(?P<h>[a-z]+)', 'me@home', '${h} at $1 $$')", "home at me $"),
        ("regex_replace_all_literal('e', 'me', '$1')", "m$1"),
        ("regex_match('^[0-9]+$', `42`)", True),
        ("to_upper('straße')", "STRAßE"),
        ("split('abc', '')", ["a", "b", "c"]),
        ("subtract('1Gi', '512Mi')", "512Mi"),
        ("divide('100m', `3`)", "33m"),
        ("multiply('1.5Gi', `2`)", "3Gi"),
        ("modulo(`-7`, `3`)", -1),
        ("round(`2.5`, `0`)", 3),
        ("sum(['1s', '1h'])", "1h0m1s"),
        ("items({a: `1`}, 'k', 'v')", [{"k": "a", "v": 1}]),
        ("parse_yaml('a: [1, yes]')", {"a": [1, True]}),
        ("is_external_url('http://[::1]:80/x')", False),
        ("image_normalize('nginx')", "docker.io/nginx:latest"),
    ],
)
def test_a_function_gives_its_result(expression: str, result: Any) -> None:
    assert evaluate(expression, {}) == result


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("replace_all(@, 'a', @)", "replace"),
        ("regex_replace_all('a', @, @)", "more than"),
        ("regex_match('(', 'a')", "is wrong"),
        ("regex_match('a{1001}{1001}', 'a')", "is wrong"),
        ("time_add('2024-05-06T07:08:09Z', 'soon')", "no duration"),
        ("time_parse('1', 'x')", "no number of seconds"),
        ("x509_decode('x')", "PEM"),
        ("divide(`1`, `0`)", "zero divisor"),
        ("parse_json('{')", "parse_json"),
        ("random('[')", "not closed"),
    ],
)
def test_what_cannot_be_done_is_an_error(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        evaluate(expression, "a" * 5000)


def test_a_host_name_is_asked_for() -> None:
    with pytest.raises(MissingLookups) as question:
        evaluate("is_external_url('https://registry.example/v2')")
    assert question.value.keys == {LookupKey("dns", ("registry.example",))}


@pytest.mark.parametrize(
    "pattern", ["[a-z0-9]{8}", r"\d{3}-(dev|prod)?", "(ab){2,4}", "x[^a-z]y", r"\w+", "a|b|c", "[A-F]*"]
)
def test_random_text_matches_its_pattern_and_follows_its_seed(pattern: str) -> None:
    made = [generate(pattern, f"{number:032x}") for number in range(50)]
    assert all(re.fullmatch(pattern, text) for text in made)
    assert made[0] == generate(pattern, f"{0:032x}")
    assert len(set(made)) > 1


@pytest.mark.parametrize(
    "pattern", ["(" * 50, "a{2000}", "((a{900}){900}){900}", "*", "[]", "a)", "[z-a]", "\\"]
)
def test_a_hostile_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        generate(pattern, SEED)
