"""Signed manifests, signed in the test."""

import base64
import copy
import gzip
import io
import tarfile
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from propolis.core.finding import Outcome
from propolis.core.limits import DEFAULT
from propolis.policy.engine.manifests.comparison import Difference, differences
from propolis.policy.model.parse import parse_policy
from tests.unit.policy.engine.examples import findings

DOMAIN = "cosign.sigstore.dev"
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 443}]},
}
KEYS: dict[str, Any] = {
    "ec": generate_private_key(SECP256R1()),
    "other": generate_private_key(SECP256R1()),
    "rsa": generate_rsa(65537, 2048),
    "ed25519": Ed25519PrivateKey.generate(),
}


def _pem(name: str) -> str:
    found: bytes = KEYS[name].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


def _signature(name: str, content: bytes) -> str:
    key = KEYS[name]
    if name == "rsa":
        found = key.sign(content, PKCS1v15(), SHA256())
    elif name == "ed25519":
        found = key.sign(content)
    else:
        found = key.sign(content, ECDSA(SHA256()))
    return base64.b64encode(found).decode()


def _archive(text: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("manifest.yaml")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return file.getvalue()


def _signed(*names: str, document: dict[str, Any] = SERVICE, content: bytes | None = None) -> dict[str, Any]:
    content = yaml.safe_dump(document).encode() if content is None else content
    annotations = {f"{DOMAIN}/message": base64.b64encode(gzip.compress(content)).decode()}
    for index, name in enumerate(names):
        suffix = f"_{index}" if index else ""
        annotations[f"{DOMAIN}/signature{suffix}"] = _signature(name, content)
    found = copy.deepcopy(document)
    found["metadata"]["annotations"] = annotations
    return found


def _result(document: dict[str, Any], *entries: dict[str, Any], count: int | None = None, **more: Any) -> Any:
    attestors = {"entries": list(entries)} | ({"count": count} if count else {})
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["*"]}}]},
        "validate": {"manifests": {"attestors": [attestors], **more}},
    }
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}}
    [found] = findings(parse_policy({**policy, "spec": {"rules": [rule]}}), document)
    return found


def _by(*names: str) -> dict[str, Any]:
    return {"keys": {"publicKeys": "\n".join(map(_pem, names))}}


@pytest.mark.parametrize("name", ["ec", "rsa", "ed25519"])
def test_what_is_signed_by_the_key_passes(name: str) -> None:
    assert _result(_signed(name), _by(name)).outcome is Outcome.PASS


def test_an_archive_of_several_manifests() -> None:
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}}
    content = _archive(yaml.safe_dump_all([other, SERVICE]).encode())
    assert _result(_signed("ec", content=content), _by("ec")).outcome is Outcome.PASS


def test_without_message_or_signature_it_fails() -> None:
    found = _result(SERVICE, _by("ec"))
    assert found.outcome is Outcome.FAIL
    assert "no message found" in found.message
    assert "requiredCount 1" in found.message
    assert "signature not found" in _result(_signed(), _by("ec")).message


def test_another_key_is_an_error() -> None:
    found = _result(_signed("other"), _by("ec"))
    assert found.outcome is Outcome.ERROR
    assert ".attestors[0].entries[0].keys: failed to verify signature" in found.message


def test_a_resource_that_departs_from_its_manifest_fails_with_the_difference() -> None:
    changed = _signed("ec")
    changed["spec"]["selector"]["app"] = "api"
    found = _result(changed, _by("ec"))
    assert found.outcome is Outcome.FAIL
    assert '"key":"spec.selector.app"' in found.message
    ignored = [{"fields": ["spec.selector.*"], "objects": [{"kind": "Service"}]}]
    assert _result(changed, _by("ec"), ignoreFields=ignored).outcome is Outcome.PASS
    ignored[0]["objects"] = [{"kind": "Pod"}]
    assert _result(changed, _by("ec"), ignoreFields=ignored).outcome is Outcome.FAIL


def test_what_the_server_sets_and_what_moves_in_a_list_is_no_difference() -> None:
    changed = _signed("ec")
    changed["metadata"] |= {"uid": "1", "namespace": "shop", "resourceVersion": "7"}
    changed["spec"] |= {"clusterIP": "10.0.0.1", "ports": [{"port": 443}, {"port": 80, "nodePort": 31000}]}
    changed["status"] = {"loadBalancer": {}}
    found = _result(changed, _by("ec"))
    assert found.outcome is Outcome.FAIL  # both leaves of both places differ: none left for the other
    changed["spec"]["ports"] = [{"port": 80, "nodePort": 31000}, {"port": 443}]
    assert _result(changed, _by("ec")).outcome is Outcome.PASS


def test_a_leaf_that_came_to_another_place_of_a_list_is_no_difference() -> None:
    before = {"l": [{"a": 1}], "image": "nginx", "b": True}
    after = {"l": [{"c": 2}, {"a": 1}], "image": "nginx:latest", "b": 1, "empty": ""}
    assert differences(before, after, []) == [
        Difference("b", before=True, after=1),
        Difference("l.0.c", None, 2),
    ]
    assert differences(before, after, ["b", "l.*.c"]) == []


def test_all_entries_are_needed_unless_a_count_says_less() -> None:
    assert _result(_signed("ec"), _by("ec"), _by("other")).outcome is Outcome.ERROR
    assert _result(_signed("ec", "other"), _by("ec"), _by("other")).outcome is Outcome.PASS
    assert _result(_signed("ec"), _by("other"), _by("ec"), count=1).outcome is Outcome.PASS


def test_several_keys_in_one_text_are_as_many_entries() -> None:
    assert _result(_signed("ec"), _by("ec", "other")).outcome is Outcome.ERROR
    assert _result(_signed("ec"), _by("ec", "other"), count=1).outcome is Outcome.PASS


def test_nested_attestors() -> None:
    nested = {"attestor": {"count": 1, "entries": [_by("ec"), _by("other")]}}
    assert _result(_signed("other"), nested).outcome is Outcome.PASS
    for _ in range(20):
        nested = {"attestor": {"entries": [nested]}}
    assert "nested deeper" in _result(_signed("other"), nested).message


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"keyless": {"issuer": "i", "subject": "s"}}, "transparency logs are not verified"),
        ({"certificates": {"cert": "c"}}, "certificates"),
        ({"keys": {"publicKeys": "k8s://ns/secret"}}, "only public keys in PEM"),
        (
            {"keys": {"publicKeys": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}},
            "the public key cannot be read",
        ),
        ({"annotations": {"a": "b"}, "keys": {"publicKeys": "x"}}, "annotations mismatch"),
    ],
)
def test_what_is_not_verified_is_an_error(entry: dict[str, Any], message: str) -> None:
    found = _result(_signed("ec"), entry)
    assert found.outcome is Outcome.ERROR
    assert message in found.message


def test_an_image_with_manifests_is_an_error() -> None:
    assert "image r/i:1" in _result(_signed("ec"), _by("ec"), repository="r/i:1").message


@pytest.mark.parametrize("text", ["***", base64.b64encode(gzip.compress(b"\x1f\x8bno archive")).decode()])
def test_a_message_that_cannot_be_unpacked_is_an_error(text: str) -> None:
    document = _signed("ec")
    document["metadata"]["annotations"][f"{DOMAIN}/message"] = text
    assert _result(document, _by("ec")).outcome is Outcome.ERROR


def test_a_message_that_grows_too_large_is_an_error() -> None:
    bomb = gzip.compress(b"\0" * (DEFAULT.text_bytes + 2))
    document = _signed("ec")
    document["metadata"]["annotations"][f"{DOMAIN}/message"] = base64.b64encode(bomb).decode()
    assert "larger than" in _result(document, _by("ec")).message
    packed = _signed("ec", content=gzip.compress(b"\0" * (DEFAULT.text_bytes + 2)))
    assert "larger than" in _result(packed, _by("ec")).message
