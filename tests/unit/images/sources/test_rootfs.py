import os
import stat
from pathlib import Path

import pytest

from propolis.core.errors import LimitError, SourceError
from propolis.core.limits import Limits
from propolis.images.engine.merge import ImageContent
from propolis.images.sources import rootfs
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.rootfs import read_rootfs
from tests.property.images.seeds import FILES


def tree(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(FILES[path])
    return root


def read(root: Path) -> ImageContent:
    return read_rootfs(root, ANALYZERS)


def names(content: ImageContent) -> list[str]:
    return [one.name for one in content.packages]


def test_a_file_system_gives_what_an_image_of_it_gives(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "etc/os-release",
        "lib/apk/db/installed",
        "srv/node_modules/a/package.json",
        "usr/bin/go-program",
    )
    program = tmp_path / "usr/bin/go-program"
    program.write_bytes(program.read_bytes().ljust(10_000, b"\0"))
    program.chmod(0o755)
    content = read(tmp_path)
    assert content.distribution is not None
    assert content.distribution.id == "debian"
    assert names(content) == ["musl", "musl", "golang.org/x/net", "shop.example/app", "stdlib", "a"]
    assert content.packages[-1].path == "srv/node_modules/a/package.json"


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", "var/lib/dpkg/status")
    root = tmp_path / "root"
    (root / "lib/apk").mkdir(parents=True)
    (root / "var").symlink_to(outside / "var")
    (root / "lib/apk/db").symlink_to(root / "lib/apk")
    (root / "usr").symlink_to("/")
    content = read(root)
    assert (content.packages, content.problems) == ((), ())


def test_what_is_no_ordinary_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    os.mkfifo(tmp_path / "etc/os-release")
    (tmp_path / "var/lib/dpkg/status").mkdir(parents=True)
    assert read(tmp_path).distribution is None


def test_folders_of_the_kernel_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path / "proc/1/root", "srv/node_modules/a/package.json")
    tree(tmp_path / "srv/proc", "srv/node_modules/a/package.json")
    assert [one.path for one in read(tmp_path).packages] == ["srv/proc/srv/node_modules/a/package.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    tree(tmp_path, "var/lib/dpkg/status", "srv/node_modules/a/package.json")
    (tmp_path / "var/lib/dpkg/status").chmod(0)
    (tmp_path / "srv").chmod(stat.S_IXUSR)
    assert len(read(tmp_path).problems) == 2


def test_a_failing_disk_is_told_and_the_rest_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "var/lib/dpkg/status", "srv/node_modules/a/package.json")
    opened = os.open

    def failing(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == "dpkg":
            raise OSError(5, "Input/output error")
        return opened(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", failing)
    content = read(tmp_path)
    assert names(content) == ["a"]
    assert content.problems == ("var/lib/dpkg: Input/output error; not read",)


def test_damaged_files_and_those_too_large_are_told(tmp_path: Path) -> None:
    tree(tmp_path, "etc/os-release", "srv/node_modules/a/package.json")
    (tmp_path / "srv/node_modules/a/package.json").write_text("{")
    (tmp_path / "etc/os-release").write_bytes(b"x" * 100_000)
    problems = read(tmp_path).problems
    assert problems[0] == "etc/os-release: 100,000 bytes are too many; not read"
    assert problems[1].startswith("srv/node_modules/a/package.json: no JSON")


def test_a_tree_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "srv/node_modules/a/package.json")
    with pytest.raises(LimitError, match="too many files"):
        read_rootfs(tmp_path, ANALYZERS, Limits(layer_entries=2))
    monkeypatch.setattr(rootfs, "DEEPEST", 1)
    assert read(tmp_path).problems == ("srv/node_modules: more than 1 folders deep; not read",)


def test_a_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="read a file system"):
        read(tmp_path / "absent")
