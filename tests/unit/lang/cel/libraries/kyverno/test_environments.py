import pytest

from propolis.core.errors import DocumentError
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.libraries.kubernetes.environments import (
    environment_at,
    parse_minor,
    uses_cross_type_numerics,
)
from propolis.lang.cel.libraries.kyverno.environments import KINDS, kyverno_libraries
from propolis.lang.cel.library import Library
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DYN
from tests.harness.cel import runtime


def _compiles(libraries: tuple[Library, ...], text: str) -> bool:
    try:
        compile_expression(text, Environment(libraries, {"object": DYN}))
    except CelError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("url('https://a').getHost() == 'a'", 0),
        ("'a'.find('a') == 'a'", 0),
        ("[1].isSorted()", 0),
        ("'a'.upperAscii() == 'A'", 0),
        ("object.?a.hasValue()", 28),
        ("quantity('1').isInteger()", 28),
        ("sets.contains([1], [1])", 29),
        ("strings.quote('a') == 'a'", 29),
        ("isIP('::1')", 30),
        ("isCIDR('::1/8')", 30),
        ("format.uri().validate('a').hasValue()", 31),
        ("[1].all(i, v, v == 1)", 32),
        ("isSemver('1.0.0', true)", 33),
        ("[1].sort() == [1]", 34),
        ("[1].includes(1)", 37),
    ],
)
def test_a_function_is_there_since_a_version(text: str, since: int) -> None:
    assert _compiles(environment_at(f"1.{since}"), text)
    assert _compiles(environment_at(), text)
    assert not since or not _compiles(environment_at(f"1.{since - 1}"), text)


def test_json_patch_keys_are_not_in_every_environment() -> None:
    assert not _compiles(environment_at(), "jsonpatch.escapeKey('a') == 'a'")


def test_the_same_version_has_the_same_libraries() -> None:
    assert environment_at("v1.30.2") is environment_at("1.30")
    assert kyverno_libraries("ValidatingPolicy") is kyverno_libraries("NamespacedValidatingPolicy", "")


def test_numbers_of_different_types_compare_since_a_version() -> None:
    assert [uses_cross_type_numerics(version) for version in ("1.27", "1.28", "")] == [False, True, True]


@pytest.mark.parametrize("text", ["1", "one.two", "1.", "1.9999999999", "\u0661.\u0662\u0663\u0664x"])
def test_what_is_no_version_is_told(text: str) -> None:
    with pytest.raises(DocumentError, match="no version of Kubernetes"):
        parse_minor(text)


EVERYWHERE = [
    "resource.Get('v1', 'pods', 'ns', 'a').kind == 'Pod'",
    "resource.list('v1', 'pods', 'ns').items == []",
    "resource.Post('v1', 'pods', 'ns', {'kind': 'Pod'}).kind == 'Pod'",
    "resource.get(resource.toGVR('v1', 'Pod'), 'ns', 'a').kind == 'Pod'",
    "http.Get('https://a').statusCode == 200",
    "http.client('PEM').post('https://a', {'a': 1}, {'h': 'v'}).statusCode == 200",
    "globalContext.Get('entry', '') == null",
    "image.GetMetadata('nginx').config.os == 'linux'",
    "image('nginx').registry() == parseImageReference('nginx').registry() && isImage('nginx')",
    "image('nginx').identifierWithSeparator() == ':latest'",
    "md5('a') == hash.md5('a') && sha256('a') == hash.sha256('a')",
    "math.round(1.5, 0) == 2.0 && math.greatest(1, 2) == 2",
    "json.unmarshal(json.marshal({'a': 1})).a == 1.0",
    "yaml.parse('a: 1').a == 1.0",
    "random() == random.random('[a-z]{3}')",
    "time.truncate(time.now(), duration('1h')) == time.now() && time.toCron(time.now()) == ''",
    "listObjToMap([{'k': 'a'}], [{'v': 1}], 'k', 'v') == transform.listObjToMap([], [], 'k', 'v')",
    "gzip.decompress(gzip.compress('a')) == 'a'",
    "base64.decode('YQ==') == b'a' && cel.bind(x, 1, x == 1)",
    "regex.replace('a', 'a', 'b') == 'b' && quantity('1') == quantity('1')",
]
ONLY = {
    "x509.decode('a').IsCA": {"ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy", "DeletingPolicy"},
    "parseServiceAccount('a') == user.parseServiceAccount('a')": {
        "ValidatingPolicy",
        "MutatingPolicy",
        "ImageValidatingPolicy",
    },
    "jsonpatch.escapeKey('a') == 'a'": {"MutatingPolicy"},
    "[1].all(i, v, v == 1)": {"MutatingPolicy"},
}


@pytest.mark.parametrize("text", EVERYWHERE)
def test_every_kind_of_policy_has_the_functions_of_kyverno(text: str) -> None:
    assert [kind for kind in KINDS if not _compiles(kyverno_libraries(kind), text)] == []


@pytest.mark.parametrize("text", ONLY)
def test_some_functions_belong_to_some_kinds(text: str) -> None:
    assert {kind for kind in KINDS if _compiles(kyverno_libraries(kind), text)} == ONLY[text]


def test_a_policy_of_a_namespace_names_none() -> None:
    libraries = kyverno_libraries("NamespacedValidatingPolicy", "tenant")
    assert _compiles(libraries, "resource.Get('v1', 'pods', 'a').kind == 'Pod'")
    assert not _compiles(libraries, "resource.Get('v1', 'pods', 'ns', 'a').kind == 'Pod'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("object.list.orValue([])", [1]),
        ("object.?list.orValue([])", [1]),
        ("object.?missing.orValue([2])", [2]),
        ("object.?list[0].orValue(3)", 1),
    ],
)
def test_a_value_that_is_not_optional_stands_for_itself(text: str, expected: object) -> None:
    environment = Environment(kyverno_libraries("ValidatingPolicy"), {"object": DYN})
    assert compile_expression(text, environment).evaluate({"object": {"list": [1]}}, runtime()) == expected
