"""Functions of the libraries take any value of their types: they give a value or an error of their own."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.core.evaluation import Answer
from propolis.lang.cel.cost.actual_sizes import size_of, traversal_cost
from propolis.lang.cel.cost.call_costs import call_cost
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes import authorizer, formats, network, quantity, semver, urls
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.libraries.kyverno import authorization_envoy as envoy
from propolis.lang.cel.libraries.kyverno import authorization_http as http_server
from propolis.lang.cel.libraries.kyverno import contexts, documents, http, image, resource
from propolis.lang.cel.libraries.kyverno.environments import (
    KINDS,
    authorization_libraries,
    kyverno_libraries,
)
from propolis.lang.cel.libraries.kyverno.generator import Generator
from propolis.lang.cel.libraries.kyverno.image_verify import image_verify_library
from propolis.lang.cel.library import Library, Overload, Runtime
from propolis.lang.cel.types import Type
from propolis.lang.cel.values import Duration, Timestamp, UInt
from tests.harness.cel import run

pytestmark = pytest.mark.engine

EXAMPLES = [
    *("1.2.3", "v1", "10Mi", "1e9", "::1", "10.0.0.0/8", "https://a:1/b?c=d#e", "{", "[1]", "a: 1"),
    f"a/b:c@sha256:{'a' * 64}",
]


def _joined(characters: str) -> st.SearchStrategy[str]:
    """Texts of some characters; hypothesis' own strategy for texts opens a file."""
    return st.lists(st.sampled_from(characters), max_size=20).map("".join)


TEXTS = st.one_of(
    _joined("aZ09 .-_\u00e9\u6f22\u200b\x00\n\ud800<&"),
    st.sampled_from(EXAMPLES),
    _joined("0123456789abKi.:/-+%[]{}()*?\\ "),
)
INTS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 20))
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), INTS, st.floats(), TEXTS, st.binary(max_size=20)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int": INTS,
    "uint": st.integers(0, 2**64 - 1).map(UInt),
    "double": st.floats(),
    "string": TEXTS,
    "bytes": st.binary(max_size=60),
    "null_type": st.none(),
    "dyn": ANYTHING,
    "param": ANYTHING,
    "timestamp": st.integers(-62_135_596_800 * 10**9, 253_402_300_800 * 10**9 - 1).map(Timestamp),
    "duration": st.integers(-(2**63), 2**63 - 1).map(Duration),
}
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda number: network.IP(number, 32)),
    st.integers(0, 2**128 - 1).map(lambda number: network.IP(number, 128)),
)


def _known(make: Any, *examples: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([make(example) for example in examples])


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "net.IP": ADDRESSES,
    "net.CIDR": st.builds(
        lambda ip, part: network.CIDR(ip, ip.bits * part // 10), ADDRESSES, st.integers(0, 10)
    ),
    "kubernetes.Quantity": _known(quantity.parse_amount, "0", "1", "-1.5Gi", "1e18", "9" * 40, "1n", "100m"),
    "kubernetes.Semver": _known(semver.parse_semver, "1.2.3", "0.0.0-rc.1", "1.2.3-a+b"),
    "kubernetes.URL": _known(urls.parse_url, "https://u@h:1/p?q=1#f", "/a", "mailto:x", "http://[::1%25e]/"),
    "kubernetes.NamedFormat": st.sampled_from(list(formats.FORMATS.values())),
    "kubernetes.authorization.Authorizer": st.just(authorizer.authorizer_for({"username": "a"})),
    "kubernetes.authorization.PathCheck": st.just(authorizer.PathCheck("{}", "/")),
    "kubernetes.authorization.GroupCheck": st.just(authorizer.GroupCheck("{}", "")),
    "kubernetes.authorization.ResourceCheck": st.just(authorizer.ResourceCheck("{}", "", "pods")),
    "kubernetes.authorization.Decision": st.just(authorizer.Decision(is_allowed=True)),
    "kyverno.image": _known(
        lambda text: run(image.IMAGE_LIBRARY, "string_to_image", text), "nginx", "r.io:1/a/b:c"
    ),
    "resource.Context": st.just(resource.ResourceContext()),
    "schema.GroupVersionResource": st.builds(resource.GroupVersionResource, TEXTS, TEXTS),
    "http.Context": st.builds(http.HttpContext, TEXTS, st.booleans()),
    "globalcontext.Context": st.builds(contexts.GlobalContext, st.booleans()),
    "imagedata.Context": st.just(contexts.ImageContext()),
    "generator.Context": st.builds(Generator),
    "json.Json": st.just(documents.Json()),
    "yaml.Yaml": st.just(documents.Yaml()),
    "http.CheckRequestAttributes": st.dictionaries(st.sampled_from(["header", "query"]), ANYTHING),
    "http.CheckResponseOk": st.just(http_server.Allowed()),
    "http.CheckResponseDenied": st.builds(http_server.Denied, TEXTS),
    "envoy.service.auth.v3.OkHttpResponse": st.just(envoy.Allowed()),
    "envoy.service.auth.v3.DeniedHttpResponse": st.just(envoy.Denied(403)),
    "envoy.service.auth.v3.CheckResponse": st.just(envoy.Response(envoy.Allowed())),
    "envoy.config.core.v3.HeaderValueOption": st.just(envoy.Header("a", "b")),
    "envoy.config.core.v3.QueryParameter": st.just(envoy.Parameter("a", "b")),
}


def _values(of: Type) -> st.SearchStrategy[Any]:
    if of.kind in PLAIN:
        return PLAIN[of.kind]
    if of.kind == "list":
        return st.lists(_values(of.parameters[0]), max_size=5)
    if of.kind == "map":
        key, value = of.parameters
        return st.dictionaries(TEXTS if key.kind == "dyn" else _values(key), _values(value), max_size=4)
    return VALUES[of.name]


def _libraries() -> list[Library]:
    """Every library of Kubernetes and Kyverno once, and those that a policy of a namespace has instead."""
    found = [*environment_at(), image_verify_library({"sbom": {"name": "sbom"}}, bool)]
    for kind in KINDS:
        found += [*kyverno_libraries(kind), *kyverno_libraries(kind, "tenant")]
    for mode in ("Envoy", "HTTP"):
        found += authorization_libraries(mode)
    return [one for one in found if one.name.startswith(("kubernetes", "kyverno"))]


OVERLOADS: dict[str, tuple[str, Overload]] = {
    overload.id: (function.name, overload)
    for library in _libraries()
    for function in library.functions
    for overload in function.overloads
}
NOW = datetime(2026, 8, 21, tzinfo=UTC)


@pytest.mark.parametrize("overload_id", OVERLOADS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_function_gives_a_value_or_an_error_of_its_own(overload_id: str, data: st.DataObject) -> None:
    name, overload = OVERLOADS[overload_id]
    arguments = [data.draw(_values(one)) for one in overload.arguments]
    first: list[Any] = []
    if overload.needs_runtime:
        answer = Answer(data.draw(ANYTHING), error=data.draw(st.sampled_from(["", "refused"])))
        first = [Runtime(NOW, lambda _: answer)]
    result: Any
    try:
        result = overload.call(*first, *arguments)
    except EvaluationError as error:
        result = error
    assert call_cost(name, overload.id, arguments, result) >= 0


@given(ANYTHING)
def test_every_value_has_a_size_and_a_cost(value: Any) -> None:
    assert size_of(value) >= 0
    assert traversal_cost(value) >= 0
