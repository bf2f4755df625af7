"""Trivy's advisory fixtures (bucket, package, vulnerability) as advisories of ours."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from propolis.core.finding import Severity
from propolis.images.engine.distributions import family_of
from propolis.images.model.advisory import Advisory, Affected
from propolis.images.model.package import Distribution, Package
from propolis.lang.versions.ranges import EndKind, Interval
from tests.unit.images.advisories import advisory

SEVERITIES = (Severity.UNKNOWN, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
IDS = {
    "alma": "almalinux", "alpine": "alpine", "amazon": "amzn", "chainguard": "chainguard", "debian": "debian",
    "oracle": "ol", "photon": "photon", "rocky": "rocky", "ubuntu": "ubuntu", "wolfi": "wolfi",
}  # fmt: skip
"""Packages of upstream's tests, and what os-release calls these distributions."""
BUCKETS = {
    "alma": "almalinux", "alpine": "alpine", "amazon linux": "amzn", "chainguard": "chainguard",
    "debian": "debian", "Oracle Linux": "ol", "Photon OS": "photon", "rocky": "rocky",
    "ubuntu": "ubuntu", "wolfi": "wolfi",
}  # fmt: skip


def advisories(folder: Path, fixtures: Iterable[str]) -> list[Advisory]:
    """All advisories of the fixtures of one row."""
    found: list[Advisory] = []
    for fixture in fixtures:
        for bucket in yaml.safe_load((folder / fixture).read_text(encoding="utf-8")):
            name, _, version = bucket["bucket"].rpartition(" ")
            if bucket["bucket"] in BUCKETS:
                name, version = bucket["bucket"], ""
            if name in BUCKETS:
                found += bucket_advisories(Distribution(BUCKETS[name], version), bucket["pairs"])
    return found


def bucket_advisories(
    distribution: Distribution, packages: Iterable[Mapping[str, Any]]
) -> Iterator[Advisory]:
    family = family_of(distribution)
    assert family is not None
    ecosystem = family.ecosystems(distribution)[0]
    for package in packages:
        for pair in package["pairs"]:
            value = pair["value"]
            interval = Interval(
                value.get("AffectedVersion", ""),
                value.get("FixedVersion", ""),
                EndKind.FIXED if value.get("FixedVersion") else EndKind.OPEN,
            )
            entry = Affected(
                ecosystem, package["bucket"], (interval,), rating=SEVERITIES[value.get("Severity", 0)]
            )
            yield advisory(f"{ecosystem} {package['bucket']} {pair['key']}", entry, upstream=(pair["key"],))


def package_of(row: Mapping[str, Any], kind: str) -> Package:
    """An installed package as upstream writes it."""
    return Package(
        type=kind,
        name=row["Name"],
        version=version_of(row, ""),
        source_name=row.get("SrcName", ""),
        source_version=version_of(row, "Src"),
        architecture=row.get("Arch", ""),
        module=row.get("Modularitylabel", ""),
    )


def version_of(row: Mapping[str, Any], prefix: str) -> str:
    version: str = row.get(f"{prefix}Version", "")
    if row.get(f"{prefix}Release"):
        version = f"{version}-{row[f'{prefix}Release']}"
    return f"{row[f'{prefix}Epoch']}:{version}" if row.get(f"{prefix}Epoch") else version
