"""rpm databases of every format: whole lists, and single packages with their files."""

import json
from pathlib import Path
from typing import Any

import pytest

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzers.rpm import rpm_blobs
from propolis.images.model.rpm import RpmFile, RpmHeader, Tag
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("rpmdb", __file__)
FOLDER = corpora() / "rpmdb"
TEXTS = {
    "name": Tag.NAME, "version": Tag.VERSION, "release": Tag.RELEASE, "arch": Tag.ARCH,
    "license": Tag.LICENSE, "sourceRpm": Tag.SOURCERPM, "vendor": Tag.VENDOR, "summary": Tag.SUMMARY,
    "modularitylabel": Tag.MODULARITYLABEL,
}  # fmt: skip
NUMBERS = {
    "size": Tag.SIZE,
    "epoch": Tag.EPOCH,
    "installtime": Tag.INSTALLTIME,
    "digestalgorithm": Tag.FILEDIGESTALGO,
}
LISTS = {"provides": Tag.PROVIDENAME, "requires": Tag.REQUIRENAME}
LEFT_OUT = {"pgp", "rsaheader"}
"""Texts that upstream makes of signatures; nothing here reads signatures of packages."""


def rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def headers(file: str) -> list[RpmHeader]:
    place = Place(file)
    return [RpmHeader(blob, place) for blob in rpm_blobs((FOLDER / file).read_bytes(), place)]


def value(header: RpmHeader, key: str) -> Any:
    """What a header says under a key of the corpus."""
    key = {name.lower(): name for name in TEXTS}.get(key.lower(), key.lower())
    if key in TEXTS:
        return header.text(TEXTS[key])
    if key in LISTS:
        return header.texts(LISTS[key])
    return header.binary(Tag.SIGMD5).hex() if key == "sigmd5" else header.integer(NUMBERS[key])


def differences(header: RpmHeader, want: dict[str, Any]) -> dict[str, Any]:
    compared = {key: expected for key, expected in want.items() if key.lower() not in LEFT_OUT}
    return {
        key: (value(header, key), expected)
        for key, expected in compared.items()
        if value(header, key) != expected
    }


def named(file: RpmFile) -> dict[str, Any]:
    return {
        "Path": file.path, "Mode": file.mode, "Digest": file.digest, "Size": file.size_bytes,
        "Username": file.user, "Groupname": file.group, "Flags": file.flags,
    }  # fmt: skip


def test_the_corpus_is_there() -> None:
    corpus("rpmdb")


@pytest.mark.parametrize("row", rows("lists.jsonl"), ids=lambda row: row["file"])
def test_a_database_holds_all_packages_in_order(row: dict[str, Any]) -> None:
    found = headers(row["file"])
    wrong = [differences(header, want) for header, want in zip(found, row["packages"], strict=True)]
    SUITE.settle(f"list {row['file']}", is_right=not any(wrong), why=[one for one in wrong if one][:3])


@pytest.mark.parametrize("row", rows("packages.jsonl"), ids=lambda row: row["name"])
def test_a_package_is_read_with_its_files(row: dict[str, Any]) -> None:
    header = next(one for one in headers(row["file"]) if one.text(Tag.NAME) == row["package"])
    wrong: Any = differences(header, row["want"])
    if row.get("wantInstalledFiles"):
        files = [named(file) for file in header.files()]
        wrong = wrong or [
            pair for pair in zip(files, row["wantInstalledFiles"], strict=True) if pair[0] != pair[1]
        ]
    wrong = wrong or header.paths() != row["wantInstalledFileNames"]
    SUITE.settle(f"package {row['name']}", is_right=not wrong, why=wrong)


def test_a_header_whose_lists_of_files_do_not_fit_is_refused() -> None:
    blob = corpus("rpmdb") / "blob.bin"
    with pytest.raises(DocumentError, match="do not fit"):
        RpmHeader(Path(blob).read_bytes(), Place("blob.bin")).paths()
