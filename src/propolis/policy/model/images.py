"""Image verification rules and image extractors."""

from typing import Any

import msgspec

from propolis.policy.model.conditions import AnyAllConditions
from propolis.policy.model.context import RegistryCredentials
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.validation import Deny


class ImageExtractor(ApiStruct, frozen=True):
    """Where a resource keeps image references."""

    path: str
    value: str | None = None
    name: str | None = None
    key: str | None = None
    jmes_path: str | None = None


class SecretReference(ApiStruct, frozen=True):
    """A Secret that holds a public key."""

    name: str
    namespace: str


class Rekor(ApiStruct, frozen=True):
    """A transparency log."""

    url: str | None = None
    pubkey: str | None = None
    ignore_tlog: bool | None = None


class CtLog(ApiStruct, frozen=True):
    """A certificate transparency log."""

    ignore_sct: bool | None = msgspec.field(default=None, name="ignoreSCT")
    pubkey: str | None = None
    tsa_cert_chain: str | None = None


class KeysAttestor(ApiStruct, frozen=True):
    """Signed with one of some public keys."""

    public_keys: str | None = None
    signature_algorithm: str | None = None
    kms: str | None = None
    secret: SecretReference | None = None
    rekor: Rekor | None = None
    ctlog: CtLog | None = None


class CertificatesAttestor(ApiStruct, frozen=True):
    """Signed with the key of a certificate."""

    cert: str | None = None
    cert_chain: str | None = None
    rekor: Rekor | None = None
    ctlog: CtLog | None = None


class KeylessAttestor(ApiStruct, frozen=True):
    """Signed by an identity that an issuer vouches for."""

    rekor: Rekor | None = None
    ctlog: CtLog | None = None
    issuer: str | None = None
    issuer_reg_exp: str | None = None
    subject: str | None = None
    subject_reg_exp: str | None = None
    roots: str | None = None
    additional_extensions: dict[str, str] | None = None


class Attestor(ApiStruct, frozen=True):
    """One accepted signer, or a nested set of them."""

    keys: KeysAttestor | None = None
    certificates: CertificatesAttestor | None = None
    keyless: KeylessAttestor | None = None
    attestor: Any = None
    annotations: dict[str, str] | None = None
    repository: str | None = None
    signature_algorithm: str | None = None


class AttestorSet(ApiStruct, frozen=True):
    """Signers of which ``count`` must have signed; all when it is absent."""

    count: int | None = None
    entries: tuple[Attestor, ...] | None = None


class Attestation(ApiStruct, frozen=True):
    """A signed statement about an image and what it must say."""

    name: str | None = None
    predicate_type: str | None = None
    type: str | None = None
    attestors: tuple[AttestorSet, ...] | None = None
    conditions: tuple[AnyAllConditions, ...] | None = None


class ImageValidation(ApiStruct, frozen=True):
    """A condition on verified images."""

    message: str | None = None
    deny: Deny | None = None


class ImageVerification(ApiStruct, frozen=True):
    """Which images must be signed by whom."""

    failure_action: str | None = None
    type: str | None = None
    image: str | None = None
    image_references: tuple[str, ...] | None = None
    skip_image_references: tuple[str, ...] | None = None
    key: str | None = None
    roots: str | None = None
    subject: str | None = None
    issuer: str | None = None
    additional_extensions: dict[str, str] | None = None
    attestors: tuple[AttestorSet, ...] | None = None
    attestations: tuple[Attestation, ...] | None = None
    annotations: dict[str, str] | None = None
    repository: str | None = None
    cosign_oci11: bool | None = msgspec.field(default=None, name="cosignOCI11")
    mutate_digest: bool = True
    verify_digest: bool = True
    validation: ImageValidation | None = msgspec.field(default=None, name="validate")
    required: bool = True
    image_registry_credentials: RegistryCredentials | None = None
    use_cache: bool = True
