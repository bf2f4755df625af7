"""The files that package managers leave in a layer."""

import json
from collections.abc import Iterator, Mapping, Sequence

from tools.example_images.go_program import go_program
from tools.example_images.recipe import Layer
from tools.example_images.rpm_database import rpm_database

PYTHON_FOLDER = "usr/local/lib/python3.11/site-packages"
ARCHITECTURE = "amd64"

Installed = dict[str, dict[str, str]]
"""By package manager, the packages so far: name to the line of the recipe."""


def files_of(
    layer: Layer, installed: Installed, distribution: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file of a layer; adds its packages to those installed below."""
    if distribution:
        lines = "".join(f'{key}="{value}"\n' for key, value in distribution.items())
        yield "etc/os-release", lines.encode()
    for path, text in layer.files.items():
        yield path, text.encode()
    if layer.debian:
        packages = _added(installed, "debian", layer.debian)
        yield "var/lib/dpkg/status", "".join(map(_debian, packages)).encode()
    for line in layer.distroless:
        yield f"var/lib/dpkg/status.d/{line.split()[0]}", _debian(line, status="").encode()
    if layer.alpine:
        yield (
            "lib/apk/db/installed",
            "".join(map(_alpine, _added(installed, "alpine", layer.alpine))).encode(),
        )
    if layer.rpm:
        yield "var/lib/rpm/rpmdb.sqlite", rpm_database(_added(installed, "rpm", layer.rpm))
    yield from _of_languages(layer)


def _of_languages(layer: Layer) -> Iterator[tuple[str, bytes]]:
    for line in layer.python:
        name, version = line.split()
        folder = f"{PYTHON_FOLDER}/{name.replace('-', '_')}-{version}.dist-info"
        yield f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n".encode()
    if layer.npm:
        for line in layer.npm.packages:
            name, version = line.split()
            manifest = json.dumps({"name": name, "version": version}, indent=2)
            yield f"{layer.npm.folder}/{name}/package.json", f"{manifest}\n".encode()
    if layer.go:
        yield layer.go.path, go_program(layer.go)


def _added(installed: Installed, manager: str, lines: Sequence[str]) -> list[str]:
    """All packages of a manager by name, those of the layers below among them."""
    packages = installed.setdefault(manager, {})
    packages.update((line.split()[0], line) for line in lines)
    return [line for _, line in sorted(packages.items())]


def _debian(line: str, status: str = "Status: install ok installed\n") -> str:
    name, version, source = _words(line)
    told = f"Source: {source}\n" if source else ""
    return f"Package: {name}\n{status}Architecture: {ARCHITECTURE}\n{told}Version: {version}\n\n"


def _alpine(line: str) -> str:
    name, version, source = _words(line)
    return f"P:{name}\nV:{version}\nA:x86_64\no:{source or name}\n\n"


def _words(line: str) -> tuple[str, str, str]:
    name, version, *source = line.split(maxsplit=2)
    return name, version, source[0] if source else ""
