"""JSON of a scanned image for machines. Field names are stable."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from propolis.core.finding import Severity
from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Distribution, Package
from propolis.images.model.purl import purl_of
from propolis.images.model.vulnerability import Coverage, Matching, Vulnerability
from propolis.reports.render.advisory_links import page_of
from propolis.reports.render.image_order import urgency


def image_document(image: Image, content: ImageContent, matching: Matching) -> dict[str, Any]:
    """The image, its distribution, its packages, its vulnerabilities, and what is not known."""
    created_by = {layer.diff_id: layer.created_by for layer in image.layers}
    worst_first = sorted(matching.vulnerabilities, key=urgency)
    return {
        "image": _image(image),
        "distribution": msgspec.to_builtins(content.distribution),
        "summary": _summary(content, matching),
        "vulnerabilities": [
            vulnerability_document(one, content.distribution, created_by) for one in worst_first
        ],
        "packages": [package_document(one, content.distribution) for one in content.packages],
        "coverage": [_coverage(one) for one in matching.coverage],
        "unreadable": [package_document(one, content.distribution) for one in matching.unreadable],
        "problems": list(content.problems),
    }


def _image(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "digest": image.digest,
        "names": list(image.names),
        "os": image.os,
        "architecture": image.architecture,
        "created": image.created,
        "layers": [
            {
                "diff_id": layer.diff_id,
                "digest": layer.digest,
                "created_by": layer.created_by,
                "base": layer.is_base,
            }
            for layer in image.layers
        ],
    }


def _summary(content: ImageContent, matching: Matching) -> dict[str, Any]:
    found = matching.vulnerabilities
    counts = Counter(one.severity for one in found)
    return {
        "packages": len(content.packages),
        "vulnerabilities": len(found),
        "severities": {severity.value: counts[severity] for severity in Severity},
        "exploited": sum(one.is_exploited for one in found),
        "fixable": sum(bool(one.fixed_version) for one in found),
        "base": sum(one.package.is_base for one in found),
    }


def package_document(package: Package, distribution: Distribution | None) -> dict[str, Any]:
    """An installed package with its place; ``purl`` is empty where none can be told."""
    return {
        "type": package.type,
        "name": package.name,
        "version": package.version,
        "purl": purl_of(package, distribution),
        "source_name": package.source_name or package.name,
        "source_version": package.source_version or package.version,
        "architecture": package.architecture,
        "licences": list(package.licences),
        "path": package.path,
        "layer": package.layer,
        "base": package.is_base,
    }


def vulnerability_document(
    one: Vulnerability, distribution: Distribution | None, created_by: Mapping[str, str]
) -> dict[str, Any]:
    """A vulnerability with its package, its mends, and who says how bad it is.

    Args:
        one: The vulnerability.
        distribution: Of the image.
        created_by: The step of the build that made each layer, by diff id.
    """
    package = one.package
    score = one.judgement.score
    return {
        "id": one.id,
        "aliases": list(one.names),
        "url": page_of(one.id),
        "severity": one.severity.value,
        "severity_source": one.judgement.by,
        "score": one.judgement.value,
        "vector": score.value if score else "",
        "package": package.name,
        "type": package.type,
        "purl": purl_of(package, distribution),
        "path": package.path,
        "ecosystem": one.ecosystem,
        "affected_package": one.affected_package,
        "installed_version": package.version,
        "fixed_version": one.fixed_version,
        "fixes": [{"advisory": fix.advisory, "version": fix.version} for fix in one.fixes],
        "layer": package.layer,
        "layer_created_by": created_by.get(package.layer, ""),
        "base": package.is_base,
        "exploited": one.is_exploited,
        "exploitation": _exploitation(one),
    }


def _exploitation(one: Vulnerability) -> dict[str, Any] | None:
    """What is known about attacks; None where nothing is."""
    return msgspec.structs.asdict(one.exploitation) if one.exploitation else None


def _coverage(one: Coverage) -> dict[str, Any]:
    return {
        "ecosystem": one.ecosystem,
        "packages": one.packages,
        "state": one.state.value,
        "reason": one.reason,
        "ended": one.ended.isoformat() if one.ended else None,
    }
