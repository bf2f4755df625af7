import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest

from propolis.core.limits import DEFAULT
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.certificates import X509_LIBRARY
from propolis.lang.cel.libraries.kyverno.documents import JSON_LIBRARY, YAML_LIBRARY, Json, Yaml
from propolis.lang.cel.libraries.kyverno.go_json import write
from propolis.lang.cel.libraries.kyverno.gzip import GZIP_LIBRARY, MOST_MEMBERS
from propolis.lang.cel.libraries.kyverno.hashes import HASH_LIBRARY
from propolis.lang.cel.libraries.kyverno.users import USER_LIBRARY
from propolis.lang.cel.values import NONE, Duration, Timestamp, UInt
from tests.harness.cel import run


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_texts_have_digests(name: str, digest: str) -> None:
    assert run(HASH_LIBRARY, f"{name}_string_prefixed", "abc") == digest
    assert run(HASH_LIBRARY, f"{name}_string_non_prefixed", "abc") == digest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"b": [1, 2.5], "a": True}, '{"a":true,"b":[1,2.5]}'),
        (3.0, "3"),
        (1e21, "1e21"),
        (UInt(7), "7"),
        ("<é&\u2028>", '"\\u003cé\\u0026\\u2028\\u003e"'),
        (b"abc", '"YWJj"'),
        (Timestamp(1_500_000_000), '"1970-01-01T00:00:01.5Z"'),
        (Duration(1_500), "1500"),
    ],
)
def test_values_are_written_as_json(value: Any, text: str) -> None:
    assert run(JSON_LIBRARY, "marshal_dyn_string", Json(), value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, {1: "a"}, NONE, Json()])
def test_some_values_have_no_json(value: Any) -> None:
    with pytest.raises(EvaluationError, match="json"):
        write([value])


def test_json_is_read_with_doubles() -> None:
    found = run(JSON_LIBRARY, "unmarshal_string_dyn", Json(), '{"a": [1, "x", null, true, 2.5]}')
    assert found == {"a": [1.0, "x", None, True, 2.5]}
    assert type(found["a"][0]) is float


@pytest.mark.parametrize(
    "text", ["", "{", "1 2", "[" * 100_000, "1" + "0" * 400, "x" * (DEFAULT.text_bytes + 1), 3]
)
def test_what_is_no_json_is_an_error(text: Any) -> None:
    with pytest.raises(EvaluationError):
        run(JSON_LIBRARY, "unmarshal_string_dyn", Json(), text)


def test_a_value_that_shares_its_parts_is_not_written_without_end() -> None:
    tower: Any = "aaaaaaaaaa"
    for _ in range(60):
        tower = [tower, tower]
    with pytest.raises(EvaluationError, match="too large for JSON"):
        write(tower)


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    text = "a: 1\nb: [yes, 0x10, 1.5]\nc: null\n"
    assert run(YAML_LIBRARY, "parse_string_dyn", Yaml(), text) == {
        "a": 1.0,
        "b": [True, 16.0, 1.5],
        "c": None,
    }
    assert run(YAML_LIBRARY, "parse_string_dyn", Yaml(), "") is None


def test_yaml_that_grows_without_end_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(EvaluationError, match="the text is no YAML"):
        run(YAML_LIBRARY, "parse_string_dyn", Yaml(), "\n".join(lines))
    with pytest.raises(EvaluationError, match="the YAML text is longer"):
        run(YAML_LIBRARY, "parse_string_dyn", Yaml(), "#" * (DEFAULT.text_bytes + 1))


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\ta: 1"])
def test_what_is_no_yaml_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError, match="the text is no YAML"):
        run(YAML_LIBRARY, "parse_string_dyn", Yaml(), text)


@pytest.mark.parametrize("text", ["", "hello", "é漢" * 1000])
def test_texts_are_compressed_and_come_back(text: str) -> None:
    data = run(GZIP_LIBRARY, "compress_any_bytes", text)
    assert gzip.decompress(data).decode() == text
    assert run(GZIP_LIBRARY, "decompress_bytes_string", data) == text
    assert run(GZIP_LIBRARY, "compress_any_bytes", text) == data


def test_several_compressed_texts_are_one() -> None:
    data = gzip.compress(b"a") + gzip.compress(b"b")
    assert run(GZIP_LIBRARY, "decompress_bytes_string", data) == "ab"


def test_a_compressed_text_that_grows_without_end_is_refused() -> None:
    with pytest.raises(EvaluationError, match="gzip: the text is longer than"):
        run(GZIP_LIBRARY, "decompress_bytes_string", gzip.compress(b"\0" * (DEFAULT.text_bytes * 50)))
    with pytest.raises(EvaluationError, match="gzip: more than"):
        run(GZIP_LIBRARY, "decompress_bytes_string", gzip.compress(b"") * (MOST_MEMBERS + 1))


@pytest.mark.parametrize("data", [b"", b"no gzip", gzip.compress(b"abc")[:-4], gzip.compress(b"abc") + b"x"])
def test_damaged_data_is_an_error(data: bytes) -> None:
    with pytest.raises(EvaluationError, match="gzip: "):
        run(GZIP_LIBRARY, "decompress_bytes_string", data)


def test_only_texts_are_compressed() -> None:
    with pytest.raises(EvaluationError, match="takes a string"):
        run(GZIP_LIBRARY, "compress_any_bytes", {"a": 1})


@pytest.mark.parametrize(
    ("user", "namespace", "name"),
    [
        ("system:serviceaccount:kube-system:deployer", "kube-system", "deployer"),
        ("system:serviceaccount:ns:a:b", "ns", "a:b"),
        ("system:serviceaccount:alone", "", ""),
        ("ada", "", ""),
    ],
)
def test_a_service_account_has_namespace_and_name(user: str, namespace: str, name: str) -> None:
    for suffix in ("prefixed", "non_prefixed"):
        found = run(USER_LIBRARY, f"parse_service_account_string_{suffix}", user)
        assert found == {"Name": name, "Namespace": namespace}


@pytest.mark.parametrize(
    "text", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "x" * 1000]
)
def test_what_is_no_certificate_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(X509_LIBRARY, "x509_decode_string", text)
    assert "x509_decode()" not in caught.value.message


def test_written_json_is_json() -> None:
    value = {"a": [1, 'x\n"\\', None, {"b": False}], "é": -1.25e-7}
    assert json.loads(write(value)) == value


def test_a_certificate_has_the_fields_of_go() -> None:
    text = Path(__file__).with_name("rsa_certificate.pem").read_text(encoding="utf-8")
    found = run(X509_LIBRARY, "x509_decode_string", text)
    assert found["Issuer"]["CommonName"] == "example.test"
    assert found["DNSNames"] == ["example.test"]
    assert found["PublicKey"]["E"] == 65537.0
    assert type(found["PublicKey"]["E"]) is float
    assert "Subject" not in found
