from typing import Any

import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.url_library import MOST_PARAMETERS, URL_LIBRARY
from tests.harness.cel import run


def _url(text: str) -> Any:
    return run(URL_LIBRARY, "string_to_url", text)


@pytest.mark.parametrize(
    ("text", "scheme", "host", "name", "port", "path"),
    [
        ("/path", "", "", "", "", "/path"),
        ("https://example.com:80/", "https", "example.com:80", "example.com", "80", "/"),
        ("https://example.com", "https", "example.com", "example.com", "", ""),
        ("HTTPS://Example.com/", "https", "Example.com", "Example.com", "", "/"),
        ("https://[::1]:80/", "https", "[::1]:80", "::1", "80", "/"),
        ("https://[::1]/", "https", "[::1]", "::1", "", "/"),
        ("https://[fe80::1%25en0]/", "https", "[fe80::1%en0]", "fe80::1%en0", "", "/"),
        ("https://user:p%40ss@h:/x", "https", "h:", "h", "", "/x"),
        ("https://h/path with spaces/", "https", "h", "h", "", "/path%20with%20spaces/"),
        ("https://h/a%2Fb", "https", "h", "h", "", "/a%2Fb"),
        ("https://h/[x]!", "https", "h", "h", "", "/[x]!"),
        ("https://h/é", "https", "h", "h", "", "/%C3%A9"),
        ("mailto:someone@example.com", "mailto", "", "", "", ""),
        ("https:://kubernetes.io/", "https", "", "", "", ""),
        ("postgres://a:1,b:2/db", "postgres", "a:1,b:2", "a:1,b", "2", "/db"),
        ("*", "", "", "", "", "*"),
        ("//h/x", "", "h", "h", "", "/x"),
        ("/a#b?c", "", "", "", "", "/a"),
    ],
)
def test_a_url_has_parts(text: str, scheme: str, host: str, name: str, port: str, path: str) -> None:
    url = _url(text)
    parts = [
        run(URL_LIBRARY, f"url_get_{part}", url)
        for part in ("scheme", "host", "hostname", "port", "escaped_path")
    ]
    assert parts == [scheme, host, name, port, path]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'parse "": empty url'),
        ("path", 'parse "path": invalid URI for request'),
        ("1http://x", "invalid URI for request"),
        (":x", "missing protocol scheme"),
        ("https://h/\n", "net/url: invalid control character in URL"),
        ("https://a b/", 'invalid character " " in host name'),
        ("https://a%41/", 'invalid URL escape "%41"'),
        ("https://h/%zz", 'invalid URL escape "%zz"'),
        ("https://h/%1", 'invalid URL escape "%1"'),
        ("https://h:x/", 'invalid port ":x" after host'),
        ("http://a:1:2/", 'invalid port ":1:2" after host'),
        ("https://[::1/", "missing ']' in host"),
        ("https://x[::1]/", "invalid IP-literal"),
        ("https://[1.2.3.4]/", "invalid IP-literal"),
        ("https://[nowhere]/", "invalid host: ParseAddr"),
        ("https://us er@h/", "net/url: invalid userinfo"),
    ],
)
def test_what_is_no_url_says_why(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        _url(text)
    assert caught.value.message.startswith("URL parse error during conversion from string: parse ")
    assert problem in caught.value.message
    assert run(URL_LIBRARY, "is_url_string", text) is False


def test_a_query_is_lists_of_values_by_key() -> None:
    query = run(
        URL_LIBRARY, "url_get_query", _url("https://h/?k1=a&k2=b&k2=c+d&e&%6b=%20&a;b=1&=x&bad=%zz&&")
    )
    assert query == {"k1": ["a"], "k2": ["b", "c d"], "e": [""], "k": [" "], "": ["x"]}


def test_a_query_of_too_many_parameters_is_empty() -> None:
    assert run(URL_LIBRARY, "url_get_query", _url("/?" + "a&" * MOST_PARAMETERS)) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http:///p", "http:///p"),
        ("http:/p", "http:/p"),
        ("https://u@h/?", "https://u@h/?"),
        ("https://h/#a b", "https://h/#a%20b"),
        ("https://h/a%2Fb?q#f", "https://h/a%2Fb?q#f"),
        ("https://[fe80::1%25en0]/", "https://[fe80::1%25en0]/"),
    ],
)
def test_a_url_is_put_together_again(text: str, expected: str) -> None:
    assert str(_url(text)) == expected


def test_urls_are_equal_by_text() -> None:
    assert _url("HTTP://h/%61") != _url("http://h/a")
    assert _url("HTTP://h/a") == _url("http://h/a")
    assert len({_url("HTTP://h/a"), _url("http://h/a")}) == 1


def test_a_wrong_fragment_is_an_error_though_the_text_counts_as_url() -> None:
    assert run(URL_LIBRARY, "is_url_string", "/a%23#x") is True
    with pytest.raises(EvaluationError, match="invalid URL escape"):
        _url("mailto:x#%zz")
