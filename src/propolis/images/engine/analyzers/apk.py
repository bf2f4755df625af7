"""Packages of Alpine and its relatives: apk's database of installed packages.

Follows apk-tools' installed database: one line a field, a letter and a colon; ``o`` names the source
package, ``F`` a folder and ``R`` a file in it.
"""

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.owned import could_be_a_package
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

PATHS = frozenset({"lib/apk/db/installed", "usr/lib/apk/db/installed"})


def analyze(path: str, content: Content) -> Analysis:
    """Packages of the database."""
    del path
    packages: list[Package] = []
    owned: list[str] = []
    problems: list[str] = []
    for block in decoded(content).split("\n\n"):
        fields, files = _fields(block)
        if not fields:
            continue
        owned += files
        if fields.get("P") and fields.get("V"):
            packages.append(_package(fields))
        else:
            problems.append(f"a package without {'version' if fields.get('P') else 'name'}")
    return Analysis(packages=tuple(packages), owned_paths=tuple(owned), problems=tuple(problems[:20]))


def _fields(block: str) -> tuple[dict[str, str], list[str]]:
    """The fields of one package, and those of its files that could be taken for packages."""
    fields: dict[str, str] = {}
    files: list[str] = []
    folder = ""
    for line in block.splitlines():
        key, colon, value = line.partition(":")
        if not colon or len(key) != 1:
            continue
        if key == "F":
            folder = value
        elif key == "R":
            file = f"{folder}/{value}" if folder else value
            if could_be_a_package(f"/{file}"):
                files.append(short(file))
        else:
            fields.setdefault(key, short(value))
    return fields, files


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
