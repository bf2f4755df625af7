"""Vulnerabilities of a CycloneDX document: one entry a name, with every package that it affects."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.package import Package
from propolis.images.model.vulnerability import Matching, Vulnerability
from propolis.reports.render.advisory_links import page_of

_OLD_V3 = "CVSS:3.0"


def vulnerability_entries(matching: Matching, references: Mapping[Package, str]) -> list[dict[str, Any]]:
    """By name.

    Args:
        matching: Of the image.
        references: How the document calls each package; packages that it does not hold are left out.
    """
    by_name: dict[str, list[Vulnerability]] = defaultdict(list)
    for one in matching.vulnerabilities:
        if one.package in references:
            by_name[one.id].append(one)
    return [_entry(name, by_name[name], references) for name in sorted(by_name)]


def _entry(name: str, found: list[Vulnerability], references: Mapping[Package, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": name, "source": {"url": page_of(name)}}
    others = sorted({other for one in found for other in one.names})
    if others:
        entry["references"] = [{"id": other, "source": {"url": page_of(other)}} for other in others]
    entry["ratings"] = _unique(_rating(one) for one in found)
    affected = sorted(found, key=lambda one: references[one.package])
    entry["affects"] = _unique(_affected(one, references[one.package]) for one in affected)
    if any(one.is_exploited for one in found):
        entry["properties"] = [{"name": "propolis:exploited", "value": "true"}]
    return entry


def _rating(one: Vulnerability) -> dict[str, Any]:
    judgement = one.judgement
    rating: dict[str, Any] = {"severity": judgement.severity.value}
    if judgement.by:
        rating["source"] = {"name": judgement.by}
    if judgement.score is not None and judgement.value is not None:
        rating |= {
            "score": judgement.value,
            "method": _method(judgement.score),
            "vector": judgement.score.value,
        }
    return rating


def _method(score: Score) -> str:
    match score.kind:
        case ScoreKind.CVSS_V2:
            return "CVSSv2"
        case ScoreKind.CVSS_V3:
            return "CVSSv3" if score.value.startswith(_OLD_V3) else "CVSSv31"
        case ScoreKind.CVSS_V4:
            return "CVSSv4"
        case ScoreKind.UBUNTU:
            return "other"


def _affected(one: Vulnerability, ref: str) -> dict[str, Any]:
    """The package, its version, and the version that mends it."""
    versions = [{"version": one.package.version, "status": "affected"}]
    if one.fixed_version:
        versions.append({"version": one.fixed_version, "status": "unaffected"})
    return {"ref": ref, "versions": versions}


def _unique(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, in the order of their text."""
    by_text = {msgspec.json.encode(entry): entry for entry in entries}
    return [by_text[text] for text in sorted(by_text)]
