from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.kyverno.authorization_envoy import (
    Allowed,
    Denied,
    Header,
    Parameter,
    Response,
)
from propolis.lang.cel.libraries.kyverno.authorization_http import Allowed as HttpAllowed
from propolis.lang.cel.libraries.kyverno.authorization_http import Denied as HttpDenied
from propolis.lang.cel.libraries.kyverno.authorization_http import Response as HttpResponse
from propolis.lang.cel.libraries.kyverno.authorization_http import canonical_header
from propolis.lang.cel.libraries.kyverno.environments import authorization_libraries
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DYN
from tests.harness.cel import runtime

REQUEST = {"attributes": {"header": {"X-Token": ["a", "b"]}, "query": {"q": ["1"]}, "method": "GET"}}


def _value(mode: str, text: str) -> Any:
    environment = Environment(authorization_libraries(mode), {"object": DYN})
    return compile_expression(text, environment).evaluate({"object": REQUEST}, runtime())


def test_envoy_is_told_that_a_request_may_go_on_with_changes() -> None:
    text = """
        envoy.Allowed()
          .WithHeader("a", "1").WithHeader(envoy.Header("b", "").KeepEmptyValue()).WithoutHeader("c")
          .WithResponseHeader("d", "2").WithQueryParam("e", "3").WithQueryParam(envoy.QueryParam("f", "4"))
          .WithoutQueryParam("g").Response().WithMessage("fine").WithMetadata({"k": "v"})
    """
    verdict = Allowed(
        headers=(Header("a", "1"), Header("b", "", keeps_empty_value=True)),
        headers_to_remove=("c",),
        response_headers=(Header("d", "2"),),
        parameters=(Parameter("e", "3"), Parameter("f", "4")),
        parameters_to_remove=("g",),
    )
    found = _value("Envoy", text)
    assert found == Response(verdict, "fine", {"k": "v"})
    assert found.code == 0


def test_envoy_is_told_that_a_request_ends() -> None:
    text = 'envoy.Denied(403).WithBody("no").WithHeader("a", "1").Response().WithMessage("no token")'
    found = _value("Envoy", text)
    assert found == Response(Denied(403, "no", (Header("a", "1"),)), "no token")
    assert found.code == 7


def test_a_header_may_lose_its_empty_value_again() -> None:
    text = 'envoy.Header("a", "").KeepEmptyValue().KeepEmptyValue(false)'
    assert _value("Envoy", text) == Header("a", "")


def test_a_builder_does_not_change_what_it_is_called_on() -> None:
    text = '[envoy.Denied(401)].map(d, [d.WithBody("a"), d])[0][1]'
    assert _value("Envoy", text) == Denied(401)


def test_a_server_is_told_about_http_requests() -> None:
    condition = 'object.attributes.Header("x-token") == ["a", "b"]'
    text = f'{condition} ? http.Allowed().Response() : http.Denied("no").Response()'
    assert _value("HTTP", text) == HttpResponse(HttpAllowed())
    assert _value("HTTP", 'http.Denied("no").Response()') == HttpResponse(HttpDenied("no"))
    assert _value("HTTP", 'object.attributes.QueryParam("q")') == ["1"]
    assert _value("HTTP", 'object.attributes.QueryParam("Q")') == []


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("content-type", "Content-Type"), ("X-TOKEN", "X-Token"), ("a b", "a b"), ("", ""), ("é", "é")],
)
def test_headers_are_found_by_their_canonical_name(name: str, canonical: str) -> None:
    assert canonical_header(name) == canonical


def test_there_are_two_modes() -> None:
    with pytest.raises(DocumentError, match="no mode of authorization"):
        authorization_libraries("JSON")
