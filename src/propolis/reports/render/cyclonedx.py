"""CycloneDX 1.6 JSON of an image: what is in it and, where asked, what is wrong with that.

Follows the CycloneDX 1.6 schema. Properties named ``aquasecurity:trivy:`` are those from which Trivy reads
source packages, layers and kinds, so that it finds the same in this document as in the image. The same
content gives the same document: parts are sorted, the serial number is made from the content.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from propolis import __version__
from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Distribution, Package
from propolis.images.model.purl import SYSTEM_TYPES, image_purl, purl_of
from propolis.images.model.vulnerability import Matching
from propolis.lang.image_reference import parse_image_reference
from propolis.reports.render.cyclonedx_vulnerabilities import vulnerability_entries
from propolis.reports.render.licences import licence_choices
from propolis.reports.render.operator_report import timestamp
from propolis.reports.render.trivy_words import family_of, type_of

SPECIFICATION = "1.6"
TRIVY = "aquasecurity:trivy:"
OWN = "propolis:"
_GROUPS = {"maven": ":", "npm": "/", "composer": "/"}
"""What separates a group from the name, by type."""


def cyclonedx_document(
    image: Image, content: ImageContent, now: datetime, matching: Matching | None = None
) -> dict[str, Any]:
    """The document.

    Args:
        image: What was scanned.
        content: What is in it.
        now: The time that the document names.
        matching: What is wrong with it; None leaves vulnerabilities out.
    """
    root = _image_component(image)
    references = bom_references(content)
    system = _system_component(content.distribution)
    packages = [_component(one, ref, image, content.distribution) for one, ref in references.items()]
    document: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{_serial_number(image, references, matching)}",
        "version": 1,
        "metadata": {
            "timestamp": timestamp(now),
            "tools": {"components": [{"type": "application", "name": "propolis", "version": __version__}]},
            "component": root,
        },
        "components": sorted([*system, *packages], key=lambda one: one["bom-ref"]),
        "dependencies": _dependencies(root["bom-ref"], system, references),
    }
    if matching is not None:
        document["vulnerabilities"] = vulnerability_entries(matching, references)
    if unknown := [*_problems(content), *_gaps(matching)]:
        document["metadata"]["properties"] = unknown
        document["compositions"] = [{"aggregate": "incomplete", "assemblies": [root["bom-ref"]]}]
    return document


def bom_references(content: ImageContent) -> dict[Package, str]:
    """A name for every package: its URL, numbered where the same package stands in several places."""
    seen: Counter[str] = Counter()
    references = {}
    for package in sorted(set(content.packages), key=_place):
        name = purl_of(package, content.distribution) or _words(package)
        seen[name] += 1
        references[package] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return references


def _words(package: Package) -> str:
    """What a package without URL is called; nothing in it reads as a number in brackets."""
    return f"{package.type}:{package.name}@{package.version}".replace(" ", "%20")


def _place(package: Package) -> tuple[str, ...]:
    return (package.type, package.name, package.version, package.architecture, package.path, repr(package))


def _image_component(image: Image) -> dict[str, Any]:
    name = next(iter(image.names), "")
    component = {"type": "container", "bom-ref": image.id, "name": name or image.id}
    parsed = parse_image_reference(name)
    if parsed and image.digest:
        repository = f"{parsed.registry}/{parsed.path}"
        component["purl"] = image_purl(parsed.name, image.digest, repository, image.architecture)
        component["bom-ref"] = component["purl"]
    layers = [(f"{TRIVY}DiffID", layer.diff_id) for layer in image.layers]
    names = [(f"{TRIVY}RepoTag", one) for one in image.names]
    told = [(f"{TRIVY}ImageID", image.id), (f"{TRIVY}SchemaVersion", "2"), *layers, *names]
    return {**component, "properties": _properties(told)}


def _system_component(distribution: Distribution | None) -> list[dict[str, Any]]:
    """The distribution; none for an image without."""
    if distribution is None or not distribution.id:
        return []
    family = family_of(distribution)
    component = {"type": "operating-system", "bom-ref": f"os:{distribution.id}@{distribution.version}"}
    component |= {"name": family, "version": distribution.version}
    told = [(f"{TRIVY}Class", "os-pkgs"), (f"{TRIVY}Type", family), (f"{OWN}id", distribution.id)]
    return [{**component, "properties": _properties(told)}]


def _component(package: Package, ref: str, image: Image, distribution: Distribution | None) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "library", "bom-ref": ref}
    group, _, name = package.name.rpartition(_GROUPS.get(package.type, "\0"))
    if group and name:
        component["group"] = group
    component["name"] = name or package.name
    component["version"] = package.version
    if licences := licence_choices(package.licences):
        component["licenses"] = licences
    if purl := purl_of(package, distribution):
        component["purl"] = purl
    digests = {layer.diff_id: layer.digest for layer in image.layers}
    told = [
        (f"{TRIVY}PkgType", type_of(package, distribution)),
        (f"{TRIVY}LayerDiffID", package.layer),
        (f"{TRIVY}LayerDigest", digests.get(package.layer, "")),
        (f"{OWN}base", "true" if package.is_base else "false"),
        *(_source(package) if package.type in SYSTEM_TYPES else [(f"{TRIVY}FilePath", package.path)]),
    ]
    return {**component, "properties": _properties(told)}


def _source(package: Package) -> list[tuple[str, str]]:
    """The source package as Trivy takes it apart: deb and rpm versions into epoch, version, release."""
    version = package.source_version or package.version
    epoch = release = ""
    if package.type != "apk":
        before, colon, rest = version.partition(":")
        epoch, version = (before, rest) if colon else ("", version)
        start, dash, end = version.rpartition("-")
        version, release = (start, end) if dash else (version, "")
    return [
        (f"{TRIVY}SrcName", package.source_name or package.name),
        (f"{TRIVY}SrcEpoch", epoch),
        (f"{TRIVY}SrcVersion", version),
        (f"{TRIVY}SrcRelease", release),
        (f"{TRIVY}Modularitylabel", package.module),
    ]


def _properties(told: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """By name; those without a value are left out."""
    return [{"name": name, "value": value} for name, value in sorted(told, key=lambda pair: pair[0]) if value]


def _dependencies(
    root: str, system: list[dict[str, Any]], references: Mapping[Package, str]
) -> list[dict[str, Any]]:
    """The image holds the distribution and its own packages, the distribution those that it brought."""
    brought = sorted(ref for package, ref in references.items() if package.type in SYSTEM_TYPES)
    own = sorted(set(references.values()) - set(brought))
    found: dict[str, list[str]] = {ref: [] for ref in references.values()}
    found |= {one["bom-ref"]: brought for one in system}
    found[root] = [*(one["bom-ref"] for one in system), *own] if system else sorted([*own, *brought])
    return [{"ref": ref, "dependsOn": found[ref]} for ref in sorted(found)]


def _problems(content: ImageContent) -> list[dict[str, str]]:
    return _properties((f"{OWN}problem", problem) for problem in sorted(content.problems))


def _gaps(matching: Matching | None) -> list[dict[str, str]]:
    """Why the absence of vulnerabilities says nothing."""
    coverage = matching.coverage if matching else ()
    return _properties((f"{OWN}coverage", one.reason) for one in coverage if one.reason)


def _serial_number(image: Image, references: Mapping[Package, str], matching: Matching | None) -> uuid.UUID:
    """The same for the same content."""
    found = sorted(map(repr, matching.vulnerabilities)) if matching else None
    content = msgspec.json.encode([image.id, list(references), found])
    return uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=5)
