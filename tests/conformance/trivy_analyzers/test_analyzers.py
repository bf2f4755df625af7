"""What analyzers find in files of package managers, and which files they want.

Compared are the fields that a `Package` has: name, version, source, architecture, licences.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.images.engine.analyzers import apk, executables, os_release, rpm_manifest
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Distribution, Package
from propolis.images.sources.analyzers import ANALYZERS
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("trivy-analyzers", __file__)
FOLDER = corpora() / "trivy-analyzers"
OURS = (
    "analyzer/os/", "analyzer/pkg/", "analyzer/language/nodejs/pkg", "analyzer/language/python/packaging",
    "analyzer/language/ruby/", "analyzer/language/php/", "analyzer/language/java/jar",
    "analyzer/language/golang/binary", "analyzer/language/rust/binary",
)  # fmt: skip
FAMILIES = {
    "alma": "almalinux", "redhat": "rhel", "oracle": "ol", "cbl-mariner": "mariner",
    "centos-stream": "centos",
}  # fmt: skip
"""Upstream's word for a distribution, and its ``ID`` in os-release where that is another."""

MICRO = {"sle-micro": "slem", "sl-micro": "slem", "sle-micro-rancher": "slem"}
"""Products that upstream takes for one."""

FORMATS = {
    "os/ubuntu": {"release-files"},
    "pkg/apk": {"apk"},
    "pkg/dpkg": {"dpkg", "dpkg-status-d", "dpkg-files"},
    "language/python/packaging Test_eggAnalyzer": {"python-eggs"},
    "language/python/packaging": {"python-packages", "python-eggs"},
    "language/nodejs": {"npm-packages"},
    "language/ruby": {"gemspec"},
    "language/php": {"composer-installed"},
    "language/java": {"jar"},
    "language/golang": {"executables"},
}
"""Our analyzers by the start of a case."""

FOLDERS = {
    "analyzer/language/ruby/gemspec": "usr/lib/ruby/specifications",
    "analyzer/language/nodejs/pkg": "srv/app",
    "analyzer/os/redhatbase": "etc",
    "analyzer/os/ubuntu": "etc",
    "analyzer/os/debian": "etc",
}
"""Where a file of the corpus lies in an image."""


def rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    lines = path.read_text().splitlines() if path.exists() else []
    listed: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [row for row in listed if row["analyzer"].startswith(OURS)]


def case(row: dict[str, Any]) -> str:
    return f"{row['analyzer'].removeprefix('analyzer/')} {row['test']} {row['name']}"


def files(row: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Paths within an image, and contents, of a row."""
    told = row["files"]
    if "dir" in told:
        root = FOLDER / told["dir"]
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield f"usr/lib/{path.relative_to(root)}", path.read_bytes()
    elif "txtar" in told:
        yield from unpacked((FOLDER / told["txtar"]).read_text())
    else:
        path = FOLDER / next(iter(told.values()))
        folder = FOLDERS.get(row["analyzer"], "srv")
        name = "package.json" if "nodejs" in row["analyzer"] else path.name
        yield row.get("args", {}).get("filePath") or f"{folder}/{name}", path.read_bytes()


def unpacked(text: str) -> Iterator[tuple[str, bytes]]:
    """The files of a txtar archive."""
    path, lines = "", list[str]()
    for line in [*text.splitlines(keepends=True), "-- end --\n"]:
        if line.startswith("-- ") and line.rstrip().endswith(" --"):
            if path:
                yield path, "".join(lines).encode()
            path, lines = line.strip()[3:-3], []
        else:
            lines.append(line)


def analyzed(row: dict[str, Any]) -> Analysis:
    """What all files of a row say together; os-release and apk under the name that they have in images."""
    found = []
    for path, content in files(row):
        if row["analyzer"] == "analyzer/os/release":
            found.append(os_release.analyze("etc/os-release", content))
        elif row["analyzer"] == "analyzer/pkg/apk":
            found.append(apk.analyze("lib/apk/db/installed", content))
        elif "binary" in row["analyzer"]:
            found.append(executables.analyze(path, content))
        elif analyzer := ANALYZERS.for_path(path):
            found.append(analyzer.analyze(path, content))
    return Analysis(
        next((one.distribution for one in found if one.distribution), None),
        tuple(package for one in found for package in one.packages),
    )


def versioned(told: dict[str, Any], prefix: str = "") -> str:
    epoch, release = told.get(f"{prefix}Epoch"), told.get(f"{prefix}Release")
    before = f"{epoch}:" if epoch else ""
    return f"{before}{told.get(f'{prefix}Version', '')}{f'-{release}' if release else ''}"


def wanted_packages(want: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [*(want.get("PackageInfos") or ()), *(want.get("Applications") or ())]
    return [package for group in groups for package in group["Packages"] or ()]


def expected(told: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": told["Name"], "version": versioned(told)}
    if told.get("SrcName"):
        fields["source"] = (told["SrcName"], versioned(told, "Src"))
    if told.get("Arch"):
        fields["architecture"] = told["Arch"]
    if told.get("Licenses") and not told.get("SrcName"):
        fields["licences"] = tuple(told["Licenses"])
    return fields


def same_fields(package: Package, wanted: dict[str, Any]) -> dict[str, Any]:
    ours = {
        "name": package.name,
        "version": package.version,
        "source": (package.source_name or package.name, package.source_version or package.version),
        "architecture": package.architecture,
        "licences": package.licences,
    }
    return {key: ours[key] for key in wanted}


def compared(found: list[Package], wanted: list[dict[str, Any]]) -> tuple[Any, Any]:
    expectations = sorted((expected(one) for one in wanted), key=lambda one: (one["name"], one["version"]))
    packages = sorted(found, key=lambda one: (one.name, one.version))
    if len(packages) != len(expectations):
        return [one.name for one in packages], [one["name"] for one in expectations]
    ours = [same_fields(one, two) for one, two in zip(packages, expectations, strict=True)]
    wrong = [pair for pair in zip(ours, expectations, strict=True) if pair[0] != pair[1]]
    return [one for one, _ in wrong], [two for _, two in wrong]


def outcome(row: dict[str, Any]) -> tuple[Any, Any]:
    """What was found and what should be: equal when all is right."""
    want = row["want"].get("want") or {}
    try:
        found = analyzed(row)
    except DocumentError as error:
        return str(error) if not row.get("error") else "", ""
    if row.get("error"):
        return (found, row["error"]) if found != Analysis() else ("", "")
    if unread := set(want) - {"OS", "PackageInfos", "Applications", "SystemInstalledFiles"}:
        return "not read", sorted(unread)
    if row["analyzer"].startswith("analyzer/os/"):
        return told(found.distribution), system(want)
    wanted = row["want"].get("wantPkgs") or wanted_packages(want)
    return compared(list(found.packages), wanted)


def told(found: Distribution | None) -> tuple[str, str] | None:
    return (MICRO.get(found.id, found.id), found.version or found.codename) if found else None


def system(want: dict[str, Any]) -> tuple[str, str] | None:
    if "OS" not in want:
        return None
    return FAMILIES.get(want["OS"]["Family"], want["OS"]["Family"]), want["OS"].get("Name", "")


def test_the_corpus_is_there() -> None:
    corpus("trivy-analyzers")


@pytest.mark.parametrize("row", rows("expected.jsonl"), ids=case)
def test_a_file_says_what_it_should(row: dict[str, Any]) -> None:
    found, wanted = outcome(row)
    SUITE.settle(case(row), is_right=found == wanted, why=f"found {found}, expected {wanted}")


def required(row: dict[str, Any]) -> bool:
    """Whether one of the analyzers of that format wants the file."""
    path = row["args"].get("filePath") or row["args"]["path"]
    analyzer = ANALYZERS.for_path(path.removeprefix("/"))
    formats = next(names for start, names in FORMATS.items() if case(row).startswith(start))
    return analyzer is not None and analyzer.name in formats


@pytest.mark.parametrize(
    "row",
    [row for row in rows("units.jsonl") if "Required" in row["test"] or "PackageRoot" in row["test"]],
    ids=case,
)
def test_a_file_is_wanted_or_not(row: dict[str, Any]) -> None:
    wanted = row["want"]["want"]
    SUITE.settle(case(row), is_right=required(row) == wanted, why=f"wanted: {wanted}")


@pytest.mark.parametrize("row", [row for row in rows("units.jsonl") if "Mariner" in row["test"]], ids=case)
def test_the_list_of_an_image_without_rpm_names_its_packages(row: dict[str, Any]) -> None:
    found = rpm_manifest.analyze(rpm_manifest.PATH, row["args"]["content"].encode())
    ours, wanted = compared(list(found.packages), row["want"].get("wantPkgs") or [])
    is_right = ours == wanted and bool(found.problems) == bool(row.get("error"))
    SUITE.settle(case(row), is_right=is_right, why=f"found {ours} {found.problems}, expected {wanted}")
