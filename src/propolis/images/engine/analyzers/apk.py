"""Packages of Alpine and its relatives: apk's database of installed packages.

Follows apk-tools' installed database: one line a field, a letter and a colon; ``o`` names the source
package, ``F`` a folder and ``R`` a file in it.
"""

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.owned import OwnedPaths
from propolis.images.engine.analyzers.text import MOST_PACKAGES, TOO_MANY, decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

PATHS = frozenset({"lib/apk/db/installed", "usr/lib/apk/db/installed"})


def analyze(path: str, content: Content) -> Analysis:
    """Packages of the database."""
    del path
    packages: list[Package] = []
    owned = OwnedPaths()
    problems: list[str] = []
    for block in decoded(content).split("\n\n"):
        fields = _fields(block, owned)
        if len(packages) >= MOST_PACKAGES:
            problems.append(TOO_MANY)
            break
        if not fields:
            continue
        if fields.get("P") and fields.get("V"):
            packages.append(_package(fields))
        else:
            problems.append(f"a package without {'version' if fields.get('P') else 'name'}")
    problems += owned.problems
    return Analysis(packages=tuple(packages), owned_paths=owned.paths, problems=tuple(problems[-20:]))


def _fields(block: str, owned: OwnedPaths) -> dict[str, str]:
    """The fields of one package; its files go to those owned."""
    fields: dict[str, str] = {}
    folder = ""
    for line in block.splitlines():
        key, colon, value = line.partition(":")
        if not colon or len(key) != 1:
            continue
        if key == "F":
            folder = value
        elif key == "R":
            owned.add(folder, value)
        else:
            fields.setdefault(key, short(value))
    return fields


def _package(fields: dict[str, str]) -> Package:
    name, version = fields["P"], fields["V"]
    source = fields.get("o", "")
    return Package(
        "apk",
        name,
        version,
        source_name=source if source != name else "",
        architecture=fields.get("A", ""),
        licences=(fields["L"],) if fields.get("L") else (),
    )


APK = Analyzer("apk", 1, analyze, names=frozenset({"installed"}), wants=PATHS.__contains__)
