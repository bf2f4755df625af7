import socket
from pathlib import Path

import pytest

from propolis.app.output import write_whole
from propolis.app.server import check_address, is_loopback
from propolis.core.errors import DocumentError, SourceError


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  # judged
        ("x", False),
    ],
)
def test_only_addresses_of_this_machine_are_local(host: str, expected: bool) -> None:  # noqa: FBT001  # a table
    assert is_loopback(host) is expected


def test_others_are_let_in_only_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROPOLIS_TOKEN", raising=False)
    with pytest.raises(DocumentError, match="PROPOLIS_TOKEN"):
        check_address("0.0.0.0", 0)  # noqa: S104  # refused
    monkeypatch.setenv("PROPOLIS_TOKEN", "secret")
    check_address("0.0.0.0", 0)  # noqa: S104  # for an instant, on a free port


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SourceError, match=f"127.0.0.1:{port}"):
            check_address("127.0.0.1", port)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "report.json", b"new")
    assert (tmp_path / "report.json").read_bytes() == b"new"
    with pytest.raises(SourceError, match="write the file"):
        write_whole(tmp_path / "nowhere" / "report.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
