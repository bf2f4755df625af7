"""``url`` and what its parts are (library/urls.go)."""

import re

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function, getter
from propolis.lang.cel.libraries.kubernetes.url_escapes import UrlError, text_of, unescape
from propolis.lang.cel.libraries.kubernetes.urls import URL_TYPE, Url, check_request_uri, parse_url
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import BOOL, STRING, list_of, map_of

_HOST = re.compile(r"(.*?)(?::([0-9]*))?", re.DOTALL)
MOST_PARAMETERS = 10_000
"""Parameters beyond which a query counts as empty, as in Go."""


def _url(text: str) -> Url:
    try:
        return parse_url(text)
    except UrlError as problem:
        raise EvaluationError(f"URL parse error during conversion from string: {problem}") from problem


def _is_url(text: str) -> bool:
    try:
        check_request_uri(text)
    except UrlError:
        return False
    return True


def _split_host(url: Url) -> tuple[str, str]:
    name, port = _HOST.fullmatch(text_of(url.host)).groups()  # type: ignore[union-attr]  # it matches every text
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return name, port or ""


def _query(url: Url) -> dict[str, list[str]]:
    """Values by key; a parameter with a semicolon or a wrong escape is left out."""
    found: dict[str, list[str]] = {}
    parameters = url.query.split(b"&")
    for parameter in parameters if len(parameters) <= MOST_PARAMETERS else ():
        key, _, value = parameter.partition(b"=")
        if not parameter or b";" in parameter:
            continue
        try:
            name, content = unescape(key, "query"), unescape(value, "query")
        except UrlError:
            continue
        found.setdefault(text_of(name), []).append(text_of(content))
    return found


URL_LIBRARY = Library(
    "kubernetes.urls",
    functions=(
        function("url", call("string_to_url", (STRING,), URL_TYPE, _url)),
        function("isURL", call("is_url_string", (STRING,), BOOL, _is_url)),
        getter("getScheme", "url_get_scheme", URL_TYPE, STRING, lambda url: url.scheme),
        getter("getHost", "url_get_host", URL_TYPE, STRING, lambda url: text_of(url.host)),
        getter("getHostname", "url_get_hostname", URL_TYPE, STRING, lambda url: _split_host(url)[0]),
        getter("getPort", "url_get_port", URL_TYPE, STRING, lambda url: _split_host(url)[1]),
        getter(
            "getEscapedPath", "url_get_escaped_path", URL_TYPE, STRING, lambda url: text_of(url.escaped_path)
        ),
        getter("getQuery", "url_get_query", URL_TYPE, map_of(STRING, list_of(STRING)), _query),
    ),
    types={"kubernetes.URL": URL_TYPE},
)
