"""The resources of one kind as a scan keeps them: little of each at hand, the document packed beside."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from propolis.cluster.discovery import Served
from propolis.cluster.packing import Packer
from propolis.cluster.reflector import Key
from propolis.core.evaluation import LookupKey
from propolis.core.finding import Evidence, Outcome, Rule
from propolis.core.resource import Document, ResourceRef

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_DIGEST_BYTES = 16
_Parts = dict[str, msgspec.Raw]
_PARTS = msgspec.json.Decoder(_Parts)
_ENCODER = msgspec.json.Encoder()


class Statement(msgspec.Struct, frozen=True, gc=False):
    """What one rule says of a resource; a finding without its resource and time, so that many share it."""

    unit: str
    rule: Rule
    outcome: Outcome
    message: str
    evidence: Evidence | None = None
    subject: str = ""


EVERYTHING: frozenset[str] = frozenset({"*"})
"""A resource that is due for all policies."""
NOTHING: frozenset[str] = frozenset()


class Subject(msgspec.Struct, eq=False, gc=False):
    """One resource, and what was said of it.

    Attributes:
        version: The resourceVersion.
        digest: Changes whenever the document does but for its version and who manages which field.
        told: What rules say of it, by policy.
        used: Look-ups that this depends on.
        due: Policies by which it has to be judged again; `EVERYTHING` for all.
        expires: When it has to be judged again though nothing changed, in seconds; 0 for never.
    """

    of: "KindSubjects"
    namespace: str
    name: str
    uid: str
    version: str
    digest: bytes
    packed: bytes
    told: tuple[Statement, ...] = ()
    used: tuple[LookupKey, ...] = ()
    due: frozenset[str] = NOTHING
    expires: float = 0.0
    is_gone: bool = False

    @property
    def ref(self) -> ResourceRef:
        """How it is named."""
        served = self.of.served
        return ResourceRef(served.api_version, served.kind, self.name, self.namespace, uid=self.uid)


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class KindSubjects:
    """All resources of one kind; a `Store` that a reflector fills.

    Attributes:
        served: The kind.
        objects: By namespace and name.
        broken: Resources that cannot be read, with the reason.
        is_listed: Whether a list has been read to its end.
    """

    def __init__(
        self,
        served: Served,
        changed: Callable[[Subject], None],
        gone: Callable[[Subject], None],
        listed: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes an empty one.

        Args:
            served: The kind.
            changed: Is told of resources that are new or other than before.
            gone: Is told of resources that are not there any more.
            listed: Is called when a list has been read to its end.
        """
        self.served = served
        self.objects: dict[Key, Subject] = {}
        self.broken: dict[Key, str] = {}
        self.is_listed = False
        self._changed = changed
        self._gone = gone
        self._listed = listed
        self._packer = Packer()

    def put(self, key: Key, document: bytes) -> None:
        """Takes one resource over. One that cannot be read counts as gone."""
        self.broken.pop(key, None)
        try:
            metadata, slim = _slimmed(document)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self.drop(key)
            self.broken[key] = str(error)
            return
        digest = hashlib.blake2b(slim, digest_size=_DIGEST_BYTES).digest()
        known = self.objects.get(key)
        if known is not None and known.uid != metadata.uid:
            self.drop(key)  # another of the same name
            known = None
        if known is None:
            self._add(metadata, digest, slim)
        elif known.digest == digest:
            known.version = metadata.resource_version
        else:
            known.version, known.digest, known.packed = (
                metadata.resource_version,
                digest,
                self._packer.pack(slim),
            )
            self._changed(known)

    def _add(self, metadata: _Metadata, digest: bytes, slim: bytes) -> None:
        namespace = sys.intern(metadata.namespace)
        packed = self._packer.pack(slim)
        subject = Subject(
            self, namespace, metadata.name, metadata.uid, metadata.resource_version, digest, packed
        )
        self.objects[namespace, metadata.name] = subject
        self._changed(subject)

    def drop(self, key: Key) -> None:
        """Forgets a resource."""
        self.broken.pop(key, None)
        known = self.objects.pop(key, None)
        if known is not None:
            known.is_gone = True
            self._gone(known)

    def keep(self, keys: AbstractSet[Key]) -> None:
        """Forgets all others."""
        for key in (self.objects.keys() | self.broken.keys()) - keys:
            self.drop(key)
        self.is_listed = True
        self._listed()

    def refuse(self, subject: Subject, why: str) -> None:
        """Leaves out one that turned out not to be readable."""
        key = subject.namespace, subject.name
        self.drop(key)
        self.broken[key] = why

    def clear(self) -> None:
        """Forgets all: the kind is not followed any more."""
        self.keep(frozenset())

    def text(self, subject: Subject) -> bytes:
        """The document in JSON."""
        return self._packer.unpack(subject.packed)

    def document(self, subject: Subject) -> Document:
        """The document, with kind and version, without who manages which field."""
        found: Document = msgspec.json.decode(self.text(subject))
        found.pop("apiVersion", None)
        found.pop("kind", None)
        metadata = found.get("metadata")
        if isinstance(metadata, dict) and subject.version:
            metadata["resourceVersion"] = subject.version
        return {"apiVersion": self.served.api_version, "kind": self.served.kind, **found}

    def __iter__(self) -> Iterator[Subject]:
        """All of them."""
        return iter(list(self.objects.values()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self.objects)


def _slimmed(document: bytes) -> tuple[_Metadata, bytes]:
    """Its metadata, and the document without what nobody judges and what changes with every write.

    Raises:
        msgspec.DecodeError: It is no object.
    """
    parts = _PARTS.decode(document)
    raw: Any = parts.get("metadata", b"{}")
    metadata = msgspec.json.decode(raw, type=_Metadata)
    fields = _PARTS.decode(raw)
    fields.pop("managedFields", None)
    fields.pop("resourceVersion", None)
    annotations: Any = fields.get("annotations")
    if annotations is not None and LAST_APPLIED.encode() in bytes(annotations):
        kept = _PARTS.decode(annotations)
        kept.pop(LAST_APPLIED, None)
        fields["annotations"] = msgspec.Raw(_ENCODER.encode(kept))
    parts["metadata"] = msgspec.Raw(_ENCODER.encode(fields))
    return metadata, _ENCODER.encode(parts)
