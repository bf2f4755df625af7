"""Signatures by public keys, as cosign makes them of blobs: of the SHA-256 of the content, in base64."""

import base64
import binascii
import re
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from propolis.policy.engine.manifests.errors import MessageError

PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


def is_signed(content: bytes, signature: str, key: str) -> bool:
    """Whether a signature of some content is by a key.

    Raises:
        MessageError: The key is none.
    """
    public = _loaded(key)
    try:
        found = base64.b64decode("".join(signature.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    try:
        if isinstance(public, EllipticCurvePublicKey):
            public.verify(found, content, ECDSA(SHA256()))
        elif isinstance(public, RSAPublicKey):
            public.verify(found, content, PKCS1v15(), SHA256())
        elif isinstance(public, Ed25519PublicKey):
            public.verify(found, content)
        else:
            raise MessageError(f"a key of the type {type(public).__name__} is not supported")
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _loaded(key: str) -> Any:
    try:
        return load_pem_public_key("\n".join(line.strip() for line in key.splitlines()).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MessageError(f"the public key cannot be read: {error}") from error
