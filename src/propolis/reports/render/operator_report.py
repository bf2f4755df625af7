"""What all reports of images share that are shaped as the Trivy operator's: names, labels, artifact, scanner.

Follows trivy-operator pkg/vulnerabilityreport/builder.go, pkg/kube/object.go and pkg/plugins/trivy @ 1006872,
so that a report of the operator is replaced by ours instead of standing beside it.
"""

import re
from datetime import UTC, datetime
from typing import Any

from propolis import __version__
from propolis.core.resource import ResourceRef
from propolis.images.model.image import Image
from propolis.lang.image_reference import DEFAULT_REGISTRY, parse_image_reference
from propolis.reports.render.policyreport import MANAGED_BY

API_VERSION = "aquasecurity.github.io/v1alpha1"
SCANNER = {"name": "Propolis", "vendor": "Propolis", "version": __version__}

_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_HASH_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_DEFAULT_SERVER = "index.docker.io"
"""As the operator names the default registry."""


def report_of(
    kind: str, image: Image, owner: ResourceRef | None, container: str, data: dict[str, Any]
) -> dict[str, Any]:
    """A report: of a container of a workload, or of an image that nothing runs (``Cluster...``).

    Args:
        kind: ``VulnerabilityReport`` or ``SbomReport``.
        image: What was scanned.
        owner: The workload; None for an image alone.
        container: Its name in the workload.
        data: What stands under ``report``.
    """
    metadata = _metadata(owner, container) if owner else _image_metadata(image)
    full_kind = kind if owner else f"Cluster{kind}"
    return {"apiVersion": API_VERSION, "kind": full_kind, "metadata": metadata, "report": data}


def _metadata(owner: ResourceRef, container: str) -> dict[str, Any]:
    labels = {**MANAGED_BY, "trivy-operator.resource.kind": owner.kind}
    labels["trivy-operator.resource.namespace"] = owner.namespace
    if is_label_value(container):
        labels["trivy-operator.container.name"] = container
    metadata: dict[str, Any] = {"name": report_name(owner, container), "labels": labels}
    if is_label_value(owner.name):
        labels["trivy-operator.resource.name"] = owner.name
    else:
        labels["trivy-operator.resource.name-hash"] = short_hash(owner.name)
        metadata["annotations"] = {"trivy-operator.resource.name": owner.name}
    if owner.namespace:
        metadata["namespace"] = owner.namespace
    if owner.uid:
        metadata["ownerReferences"] = [_owner_reference(owner)]
    return metadata


def _owner_reference(owner: ResourceRef) -> dict[str, Any]:
    """The report goes when its workload goes."""
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def _image_metadata(image: Image) -> dict[str, Any]:
    name = short_hash(image.id)
    return {"name": name, "labels": {**MANAGED_BY, "resource-image-id": name}}


def report_name(owner: ResourceRef, container: str) -> str:
    """``replicaset-NAME-CONTAINER``, or a hash of both where that is no label value."""
    kind = owner.kind.lower()
    name = f"{kind}-{owner.name}-{container}"
    return name if is_label_value(name) else f"{kind}-{short_hash(f'{owner.name}-{container}')}"


def is_label_value(text: str) -> bool:
    """Whether Kubernetes takes it as the value of a label (the empty one aside)."""
    return _LABEL_VALUE.fullmatch(text) is not None


def short_hash(text: str) -> str:
    """The hash by which the operator shortens names: of the text as Go prints it with its type."""
    return _encoded(f"(string){text}")


def _encoded(text: str) -> str:
    """FNV-1a of 32 bits, its digits in the alphabet of Kubernetes' generated names."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(_HASH_ALPHABET[ord(digit) % len(_HASH_ALPHABET)] for digit in str(value))


def artifact_of(image: Image, reference: str = "") -> dict[str, Any]:
    """``artifact`` and ``registry`` of a report.

    Args:
        image: What was scanned; its id stands for the digest where the reference names none.
        reference: As the workload writes it; the image's first name by default.
    """
    written = reference or next(iter(image.names), "")
    parsed = parse_image_reference(written)
    if parsed is None:
        named = {"repository": written} if written else {}
        return {"artifact": {**named, "digest": image.id}}
    server, repository = parsed.registry, parsed.path
    if server in (DEFAULT_REGISTRY, _DEFAULT_SERVER):
        server = _DEFAULT_SERVER
        repository = repository if "/" in repository else f"library/{repository}"
    artifact = {"repository": repository, "digest": parsed.digest or image.id}
    if parsed.tag:
        artifact["tag"] = parsed.tag
    return {"artifact": artifact, "registry": {"server": server}}


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, as Kubernetes writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
