"""A real Debian, made by Debian's own tool, holds exactly the packages that dpkg lists in it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.rootfs import read_rootfs

MAKE_SECONDS = 900
TARGETS = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
FIELDS = ("db:Status-Status", "Package", "Version", "Architecture", "source:Package", "source:Version")
QUERY = f"--showformat={' '.join(f'${{{field}}}' for field in FIELDS)}\\n"


def output(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=MAKE_SECONDS)
    return done.stdout if done.returncode == 0 else ""


def mirror() -> tuple[str, str]:
    """Address and release of the packages of the machine itself; empty where it is no Debian."""
    for line in output(*TARGETS).splitlines() if shutil.which("apt-get") else []:
        address, _, release = line.partition(" ")
        if release and "-" not in release:
            return address, release
    return "", ""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A minimal system."""
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip("needs debootstrap and the rights of the superuser")
    address, release = mirror()
    if not address:
        pytest.skip("this machine is no Debian that knows a mirror")
    folder = tmp_path_factory.mktemp("debian") / "root"
    command = ["debootstrap", "--variant=minbase", release, str(folder), address]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=MAKE_SECONDS)
    if done.returncode:
        last = done.stdout.strip().rpartition("\n")[2]
        pytest.skip(f"debootstrap made no tree (no mirror in reach?): {last}")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_scan_finds_exactly_the_packages_that_dpkg_lists(tree: Path) -> None:
    admin = tree / "var" / "lib" / "dpkg"
    listed = output("dpkg-query", f"--admindir={admin}", QUERY, "--show").splitlines()
    expected = sorted(line.removeprefix("installed ") for line in listed if line.startswith("installed "))
    content = read_rootfs(tree, ANALYZERS)
    found = sorted(
        f"{one.name} {one.version} {one.architecture} "
        f"{one.source_name or one.name} {one.source_version or one.version}"
        for one in content.packages
        if one.type == "deb"
    )
    assert found == expected
    assert len(found) > 50
    assert content.problems == ()


def test_a_scan_knows_the_release_and_counts_nothing_twice(tree: Path) -> None:
    content = read_rootfs(tree, ANALYZERS)
    assert content.distribution is not None
    version = (tree / "etc" / "debian_version").read_text().strip()
    assert content.distribution.id == "debian"
    assert version in (content.distribution.version, content.distribution.codename)
    assert [one for one in content.packages if one.type != "deb"] == []
