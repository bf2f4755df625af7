"""Policies for documents that are no resources: any JSON, requests of Envoy and of HTTP servers."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.policy.engine.cel.messages import ENVOY_REQUEST, HTTP_REQUEST, read_message
from tests.unit.policy.engine.cel_examples import cel_policy, exception, said
from tests.unit.policy.engine.examples import NOW, pod

GET = {"attributes": {"request": {"http": {"method": "GET", "headers": {"a": "b"}, "size": "12"}}}}
HTTP = {"attributes": {"method": "GET", "header": {"Foo": ["bar"]}, "query": {"q": ["1"]}, "path": "/get"}}


def envoy(expression: str, more: str = "") -> Any:
    return cel_policy(f"evaluation: {{mode: Envoy}}\nvalidations: [{{expression: {expression!r}}}]\n{more}")


def http(expression: str, more: str = "") -> Any:
    return cel_policy(f"evaluation: {{mode: HTTP}}\nvalidations: [{{expression: {expression!r}}}]\n{more}")


PASSES, SKIPS = ("pass", "request allowed"), ("skip", "request does not match")
ALLOWED, DENIED = "? envoy.Allowed().Response() : null", "? envoy.Denied(401).Response() : null"
FIELD = "object.attributes.request.http"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("envoy.Allowed().Response()", ("pass", "request allowed")),
        ("envoy.Denied(403).Response()", ("fail", "request denied with status code 403")),
        ("null", SKIPS),
        (f"{FIELD}.method == 'GET' {ALLOWED}", PASSES),
        (f"{FIELD}.host == '' {DENIED}", ("fail", "request denied with status code 401")),
        (f"has({FIELD}.host) {DENIED}", SKIPS),
        (f"{FIELD}.size == 12 {ALLOWED}", PASSES),
        (f"object.attributes.tls_session.sni == '' {ALLOWED}", PASSES),
        (f"{FIELD}.headers['no'] == '' {ALLOWED}", ("error", "no such key: no")),
    ],
)
def test_a_request_of_envoy_is_answered(expression: str, expected: tuple[str, str]) -> None:
    assert said(envoy(expression), GET, mode="Envoy") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("http.Allowed().Response()", ("pass", "request allowed")),
        ("http.Denied('no').Response()", ("fail", "request denied, reason: no")),
        ("'bar' in object.attributes.Header('foo') ? http.Allowed().Response() : null", PASSES),
        ("object.attributes.QueryParam('q') == ['1'] ? http.Allowed().Response() : null", PASSES),
    ],
)
def test_a_request_of_an_http_server_is_answered(expression: str, expected: tuple[str, str]) -> None:
    assert said(http(expression), HTTP, mode="HTTP") == expected


@pytest.mark.parametrize(
    "expression", ["true", "envoy.Allowed()", "object.attributes.nothing == 1 ? null : null"]
)
def test_what_gives_no_response_cannot_be_used(expression: str) -> None:
    outcome, message = said(envoy(expression), GET, mode="Envoy")
    assert outcome == "error"
    assert message.startswith("spec.validations[0].expression: ")


def test_conditions_and_the_failure_policy_come_first() -> None:
    denied = "envoy.Denied(403).Response()"
    for condition, more, outcome in (
        ("false", "", "skip"),
        ("object.attributes.request.http.headers.no == ''", "", "error"),
        ("object.attributes.request.http.headers.no == ''", "failurePolicy: Ignore", "skip"),
        ("true", "", "fail"),
    ):
        text = f"matchConditions: [{{name: c, expression: {condition!r}}}]\n{more}"
        assert said(envoy(denied, text), GET, mode="Envoy")[0] == outcome


def test_an_exception_lets_a_request_off() -> None:
    found = said(envoy("envoy.Denied(403).Response()"), GET, None, (exception("{}"),), mode="Envoy")
    assert found[0] == "skip"


def test_a_document_of_another_shape_is_an_error() -> None:
    allowed = envoy("envoy.Allowed().Response()")
    assert said(allowed, {"nonsense": 1}, mode="Envoy")[0] == "error"
    assert said(allowed, {"attributes": {"request": {"http": {"size": "x"}}}}, mode="Envoy")[0] == "error"


def test_modes_do_not_meet() -> None:
    assert said(envoy("envoy.Allowed().Response()"), pod()) == ("none", "")
    assert said(envoy("envoy.Allowed().Response()"), HTTP, mode="HTTP") == ("none", "")
    assert said(cel_policy("validations: [{expression: 'true'}]"), {"a": 1}, mode="JSON") == ("none", "")


JSON = (
    "evaluation: {mode: JSON}\nvalidations: [{expression: 'object.a == 1 && oldObject == null', message: m}]"
)


def test_any_document_is_judged_and_resources_are_documents_too() -> None:
    assert said(cel_policy(JSON), {"a": 1}, mode="JSON") == ("pass", "success")
    assert said(cel_policy(JSON), {"a": 2}, mode="JSON") == ("fail", "m")
    assert said(cel_policy(JSON), {**pod(), "a": 1}) == ("pass", "success")


def test_a_deleting_policy_judges_any_document_and_deletes_none() -> None:
    spec = (
        "{matchConstraints: null, schedule: '0 5 * * *', conditions: [{name: c, expression: object.a == 1}]}"
    )
    assert said(cel_policy(spec, "DeletingPolicy"), {"a": 1}, mode="JSON")[0] == "pass"
    assert said(cel_policy(spec, "DeletingPolicy"), {"a": 2}, mode="JSON")[0] == "fail"
    assert said(cel_policy(spec, "DeletingPolicy"), pod()) == ("none", "")


def test_there_is_no_other_mode() -> None:
    with pytest.raises(DocumentError, match="there is no mode 'Nonsense'"):
        cel_policy("evaluation: {mode: Nonsense}\nvalidations: [{expression: 'true'}]")


def token(claims: dict[str, Any], key: str = "secret", algorithm: str = "HS256") -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = f"{part(json.dumps({'alg': algorithm}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{head}.{part(hmac.new(key.encode(), head.encode(), hashlib.sha256).digest())}"


LATER, EARLIER = int(NOW.timestamp()) + 10, int(NOW.timestamp()) - 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (token({"role": "admin", "exp": LATER}), "pass"),
        (token({"role": "admin", "exp": EARLIER}), "fail"),
        (token({"role": "admin", "nbf": LATER}), "fail"),
        (token({"role": "guest"}), "fail"),
        (token({"role": "admin"}, key="other"), "error"),
        (token({"role": "admin"}, algorithm="none"), "error"),
        ("a.b", "error"),
        ("a.b.c", "error"),
        ("", "error"),
    ],
)
def test_a_token_is_decoded_only_where_the_key_signed_it(text: str, expected: str) -> None:
    policy = envoy(
        "variables.t.Valid && variables.t.Claims.role == 'admin' ? envoy.Allowed().Response() : "
        "envoy.Denied(401).Response()",
        f"variables: [{{name: t, expression: \"jwt.Decode('{text}', 'secret')\"}}]",
    )
    assert said(policy, GET, mode="Envoy")[0] == expected


def test_a_message_has_its_fields_and_zero_where_one_is_not_set() -> None:
    found = read_message(ENVOY_REQUEST, {"attributes": {"contextExtensions": {"a": "b"}}})
    assert found["attributes"]["context_extensions"] == {"a": "b"}
    assert found["attributes"]["request"]["http"]["path"] == ""
    assert "request" not in found["attributes"]
    with pytest.raises(KeyError):
        found["nonsense"]
    body = read_message(HTTP_REQUEST, {"attributes": {"body": "aGk=", "contentLength": 2}})
    assert body["attributes"]["body"] == b"hi"
    for wrong in ({"attributes": 1}, {"attributes": {"body": "?"}}, {"attributes": {"path": 1}}):
        with pytest.raises(DocumentError):
            read_message(HTTP_REQUEST, wrong)
