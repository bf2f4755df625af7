"""Packages of Azure Linux images without rpm: the list that the build leaves in their place.

One line a package, fields between tabs: name, version-release, times of installation and build, vendor,
epoch, size, architecture, epoch as a number, source package.
"""

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.engine.rpm_packages import source_of
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

PATH = "var/lib/rpmmanifest/container-manifest-2"
FIELDS = 10


def analyze(path: str, content: Content) -> Analysis:
    """Packages of the list; lines that are no package are told."""
    del path
    packages, problems = [], []
    for line in decoded(content).splitlines():
        fields = [short(field) for field in line.split("\t")]
        if len(fields) == FIELDS:
            packages.append(_package(fields))
        elif line.strip():
            problems.append(f"a line of {len(fields)} fields, expected {FIELDS}")
    return Analysis(packages=tuple(packages), problems=tuple(problems[:20]))


def _package(fields: list[str]) -> Package:
    epoch = fields[8] if fields[8].isdigit() and fields[8] != "0" else ""
    before = f"{epoch}:" if epoch else ""
    version = before + fields[1]
    source_name, source_version = source_of(fields[9], fields[0], before)
    return Package(
        "rpm",
        fields[0],
        version,
        source_name=source_name,
        source_version=source_version if source_version != version else "",
        architecture=fields[7],
    )


RPM_MANIFEST = Analyzer(
    "rpm-manifest", 1, analyze, names=frozenset({"container-manifest-2"}), wants=PATH.__eq__
)
