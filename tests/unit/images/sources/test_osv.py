import io
import json
import zipfile
from pathlib import Path

import pytest
import zstandard

from propolis.core.errors import DocumentError, Error, LimitError, SourceError
from propolis.images.model.advisory import Advisory
from propolis.images.sources.osv import Entry, OsvLimits, read_osv

SMALL = OsvLimits(record_bytes=200, members=3, expansion=10, free_bytes=2000)


def record(name: str) -> bytes:
    return json.dumps({"id": name, "modified": "2024-01-01T00:00:00Z"}).encode()


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def names(entries: list[Entry]) -> list[str]:
    return [entry.id if isinstance(entry, Advisory) else str(entry.__class__.__name__) for entry in entries]


def read(path: Path, limits: OsvLimits = SMALL) -> list[Entry]:
    return list(read_osv(path, limits=limits))


def test_a_json_file_is_one_record(tmp_path: Path) -> None:
    assert names(read(written(tmp_path / "a.json", record("A")))) == ["A"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_lines_are_records_and_blank_lines_are_none(tmp_path: Path, name: str) -> None:
    assert names(read(written(tmp_path / name, record("A") + b"\n\n" + record("B")))) == ["A", "B"]


def test_zstd_files_are_read_by_the_name_inside(tmp_path: Path) -> None:
    lines = zstandard.compress(record("A") + b"\n") + zstandard.compress(record("B"))
    assert names(read(written(tmp_path / "a.jsonl.zst", lines))) == ["A", "B"]
    assert names(read(written(tmp_path / "b.json.zst", zstandard.compress(record("C"))))) == ["C"]


def test_a_zip_is_read_file_by_file(tmp_path: Path) -> None:
    content = zipped(
        **{"A.json": record("A"), "readme.md": b"#", "B.jsonl": record("B") + b"\n" + record("C")}
    )
    assert names(read(written(tmp_path / "all.zip", content))) == ["A", "B", "C"]


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    written(tmp_path / "npm" / "B.json", record("B"))
    written(tmp_path / "A.json", record("A"))
    written(tmp_path / ".git" / "C.json", record("C"))
    written(tmp_path / "readme.md", b"#")
    (tmp_path / "link.json").symlink_to(tmp_path / "A.json")
    assert names(read(tmp_path)) == ["A", "B"]


def test_a_bad_line_is_an_entry_with_its_place_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", record("A") + b"\nnonsense\n" + record("B"))
    entries = read(path)
    assert names(entries) == ["A", "DocumentError", "B"]
    assert str(entries[1]).startswith(f"{path}:2:")


def test_a_bad_file_in_a_zip_names_archive_and_file(tmp_path: Path) -> None:
    path = written(tmp_path / "all.zip", zipped(**{"A.json": b"{", "B.json": record("B")}))
    entries = read(path)
    assert names(entries) == ["DocumentError", "B"]
    assert str(entries[0]).startswith(f"{path}!A.json")


@pytest.mark.parametrize("ending", [b"\n" + record("B"), b""])
def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, ending: bytes) -> None:
    entries = read(written(tmp_path / "a.jsonl", b"x" * 200_000 + ending))
    assert names(entries) == ["LimitError", *(["B"] if ending else [])]


def test_a_document_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert names(read(written(tmp_path / "a.json", b" " * 300))) == ["LimitError"]


def test_a_zstd_bomb_is_stopped(tmp_path: Path) -> None:
    bomb = zstandard.compress((b" " * 99 + b"\n") * 1_000_000)
    entries = read(written(tmp_path / "a.jsonl.zst", bomb))
    assert isinstance(entries[-1], LimitError)


def test_a_zip_bomb_is_stopped(tmp_path: Path) -> None:
    entries = read(written(tmp_path / "all.zip", zipped(**{"A.json": b" " * 1_000_000})))
    assert [str(entry).partition(": ")[2].partition(";")[0] for entry in entries] == [
        "zip unpacks to too much"
    ]


def test_a_zip_that_hides_its_size_stops_at_the_size_it_tells(tmp_path: Path) -> None:
    honest = zipped(**{"A.json": record("A") + b" " * 100_000})
    size = len(record("A")) + 100_000
    lying = honest.replace(size.to_bytes(4, "little"), (60).to_bytes(4, "little"))
    assert lying != honest
    assert names(read(written(tmp_path / "all.zip", lying))) == ["BrokenArchiveError"]


def test_a_zip_with_too_many_files_is_refused(tmp_path: Path) -> None:
    content = zipped(**{f"{number}.json": record("A") for number in range(4)})
    assert names(read(written(tmp_path / "all.zip", content))) == ["BrokenArchiveError"]


def test_a_folder_with_too_many_files_ends_there(tmp_path: Path) -> None:
    for number in range(5):
        written(tmp_path / f"{number}.json", record(str(number)))
    assert names(read(tmp_path)) == ["0", "1", "2", "LimitError"]


def test_a_zstd_file_that_is_cut_short_says_so_after_what_it_held(tmp_path: Path) -> None:
    lines = b"".join(record(f"A{number}") + b"\n" for number in range(20_000))
    whole = zstandard.compress(lines)
    entries = read(written(tmp_path / "a.jsonl.zst", whole[: len(whole) // 2]), OsvLimits())
    assert isinstance(entries[-1], DocumentError)
    assert "cut short" in str(entries[-1])


def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    content = zipped(**{"A.json": record("A")})
    entries = read(written(tmp_path / "all.zip", content[:-10]))
    assert "no zip archive" in str(entries[0])


def test_a_damaged_file_in_a_zip_leaves_the_others(tmp_path: Path) -> None:
    content = bytearray(zipped(**{"A.json": record("A"), "B.json": record("B")}))
    content[content.index(b"A.json") + len("A.json") + 4] ^= 0xFF
    assert names(read(written(tmp_path / "all.zip", bytes(content)))) == ["BrokenArchiveError", "B"]


def test_what_is_no_zstd_is_refused(tmp_path: Path) -> None:
    assert "no zstd data" in str(read(written(tmp_path / "a.jsonl.zst", b"plain text"))[0])


@pytest.mark.parametrize("name", ["a.txt", "advisories"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    assert "unknown kind of file" in str(read(written(tmp_path / name, b""))[0])


def test_a_folder_without_advisories_says_so(tmp_path: Path) -> None:
    assert "no advisories in this folder" in str(read(tmp_path)[0])


def test_a_file_that_is_not_there_is_an_entry(tmp_path: Path) -> None:
    entries = read(tmp_path / "missing.json")
    assert isinstance(entries[0], SourceError)
    assert isinstance(entries[0], Error)
