"""Who must have signed an image and what must be attested, as an ImageValidatingPolicy says it.

Facts from the CustomResourceDefinition of policies.kyverno.io ImageValidatingPolicy @ 111e07b.
"""

import msgspec

from propolis.policy.model.struct import ApiStruct


class TextOrExpression(ApiStruct, frozen=True):
    """A text, as it is or as CEL gives it."""

    value: str | None = None
    expression: str | None = None


class Key(ApiStruct, frozen=True):
    """A public key: inline, of a key management service, or as CEL gives it."""

    data: str | None = None
    kms: str | None = None
    hash_algorithm: str | None = None
    expression: str | None = None


class Identity(ApiStruct, frozen=True):
    """Who signed, by an identity provider."""

    issuer: str | None = None
    issuer_reg_exp: str | None = msgspec.field(default=None, name="issuerRegExp")
    subject: str | None = None
    subject_reg_exp: str | None = msgspec.field(default=None, name="subjectRegExp")
    subject_expression: str | None = None


class Keyless(ApiStruct, frozen=True):
    """Signatures by short-lived certificates."""

    identities: tuple[Identity, ...]
    roots: str | None = None
    additional_extensions: dict[str, str] | None = None


class Certificate(ApiStruct, frozen=True):
    """A certificate and the chain above it."""

    cert: TextOrExpression | None = None
    cert_chain: TextOrExpression | None = None


class TransparencyLog(ApiStruct, frozen=True):
    """The log in which signatures are found."""

    url: str | None = None
    rekor_pub_key: str | None = None
    ct_log_pub_key: str | None = msgspec.field(default=None, name="ctLogPubKey")
    tsa_cert_chain: str | None = None
    insecure_ignore_tlog: bool | None = None
    insecure_ignore_sct: bool | None = msgspec.field(default=None, name="insecureIgnoreSCT")


class PullSecret(ApiStruct, frozen=True):
    """A secret by its name."""

    name: str = ""


class Source(ApiStruct, frozen=True):
    """Where signatures lie, when not beside the image."""

    repository: str | None = None
    tag_prefix: str | None = None
    pull_secrets: tuple[PullSecret, ...] | None = msgspec.field(default=None, name="PullSecrets")


class TufRoot(ApiStruct, frozen=True):
    """The first root of trust."""

    data: str | None = None
    path: str | None = None


class Tuf(ApiStruct, frozen=True):
    """Where roots of trust are updated from."""

    mirror: str | None = None
    root: TufRoot | None = None


class Cosign(ApiStruct, frozen=True):
    """A signature as cosign makes it."""

    key: Key | None = None
    keyless: Keyless | None = None
    certificate: Certificate | None = None
    source: Source | None = None
    ctlog: TransparencyLog | None = None
    tuf: Tuf | None = None
    trusted_root: TextOrExpression | None = None
    annotations: dict[str, str] | None = None


class Notary(ApiStruct, frozen=True):
    """A signature as notation makes it."""

    certs: TextOrExpression | None = None
    tsa_certs: TextOrExpression | None = None


class Attestor(ApiStruct, frozen=True):
    """Somebody who signs, under the name by which expressions call them."""

    name: str
    cosign: Cosign | None = None
    notary: Notary | None = None


class AttestationType(ApiStruct, frozen=True):
    """The type of a statement."""

    type: str


class Attestation(ApiStruct, frozen=True):
    """A statement about an image, under the name by which expressions call it."""

    name: str
    intoto: AttestationType | None = None
    referrer: AttestationType | None = None


class ImageReferences(ApiStruct, frozen=True):
    """Images that the policy is for: by a pattern, or by an expression on ``ref``."""

    glob: str | None = None
    expression: str | None = None


class ImageSettings(ApiStruct, frozen=True):
    """Whether images need a digest, get one, and must be verified; None stands for yes."""

    mutate_digest: bool | None = None
    verify_digest: bool | None = None
    required: bool | None = None


class Credentials(ApiStruct, frozen=True):
    """How registries are asked."""

    allow_insecure_registry: bool | None = None
    providers: tuple[str, ...] | None = None
    secrets: tuple[str, ...] | None = None
