import json
import zlib
from typing import Any

import pytest
from tools.example_images.elf import elf_of
from tools.example_images.go_program import FRAME, MAGIC, go_program
from tools.example_images.recipe import GoProgram

from propolis.core.errors import DocumentError
from propolis.images.engine.analyzers import executables
from propolis.images.model.layer import Analysis

GO = GoProgram(
    "app", "go1.21.5 X:nocoverageredesign", "shop.example/app v1.0.0", ("golang.org/x/net v0.17.0",)
)


def told(content: bytes) -> list[tuple[str, str, str]]:
    found = executables.analyze("app", content).packages
    return [(one.type, one.name, one.version) for one in found]


def information(lines: str) -> bytes:
    modules = FRAME[0] + lines.encode() + FRAME[1]
    start = (MAGIC + b"\x08\x02").ljust(32, b"\0")
    return start + b"\x08go1.20.1" + bytes([len(modules) & 0x7F | 0x80, len(modules) >> 7]) + modules


def audited(packages: Any) -> bytes:
    return elf_of([(".dep-v0", zlib.compress(json.dumps({"packages": packages}).encode()))])


def test_a_go_program_names_compiler_and_modules() -> None:
    assert told(go_program(GO)) == [
        ("golang", "stdlib", "1.21.5"),
        ("golang", "shop.example/app", "v1.0.0"),
        ("golang", "golang.org/x/net", "v0.17.0"),
    ]


def test_a_replaced_module_is_the_one_that_was_built() -> None:
    lines = (
        "path\tcmd\nmod\tcmd\t(devel)\t\ndep\ta\tv1.0.0\th1:x=\n=>\tfork/a\tv1.0.1\th1:y=\n"
        "dep\tb\tv2.0.0\t\n=>\t../b\ndep\tc\tv3.0.0\t\nbuild\t-compiler=gc\n"
    )
    names = [(name, version) for _, name, version in told(elf_of([(".go.buildinfo", information(lines))]))]
    assert names[:2] == [("stdlib", "1.20.1"), ("fork/a", "v1.0.1")]
    assert names[-1] == ("c", "v3.0.0")


def test_an_older_go_is_told() -> None:
    content = elf_of([(".go.buildinfo", (MAGIC + b"\x08\x00").ljust(64, b"\0"))])
    with pytest.raises(DocumentError, match=r"older than 1\.18"):
        executables.analyze("app", content)


def test_a_rust_program_names_the_crates_that_it_ships() -> None:
    crates = [
        {"name": "app", "version": "0.1.0", "root": True},
        {"name": "serde", "version": "1.0.1"},
        {"name": "cc", "version": "1.0.0", "kind": "build"},
        {"name": 3},
        "text",
    ]
    assert told(audited(crates)) == [("cargo", "serde", "1.0.1")]


def test_damaged_audit_data_is_told() -> None:
    with pytest.raises(DocumentError, match="audit data"):
        executables.analyze("app", elf_of([(".dep-v0", b"no zlib")]))


@pytest.mark.parametrize("packages", [None, "text", {}])
def test_audit_data_of_another_shape_names_nothing(packages: Any) -> None:
    assert told(audited(packages)) == []


@pytest.mark.parametrize("size", [4, 5, 20, 64, 100, 4000])
def test_an_executable_that_is_cut_short_says_nothing(size: int) -> None:
    assert executables.analyze("app", go_program(GO)[:size]) == Analysis()


def test_other_executables_say_nothing() -> None:
    assert executables.analyze("app", elf_of([(".text", bytes(100))])) == Analysis()
