# ruff: noqa: S106  # tokens of tests
import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from propolis.cluster.credentials import Credentials
from propolis.cluster.kubeconfig import Access, ClusterEntry, ExecEntry, UserEntry
from propolis.core import clock
from propolis.core.errors import DocumentError


def credentials(**user: object) -> Credentials:
    return Credentials(Access("a", ClusterEntry(), UserEntry(**user), Path()))  # type: ignore[arg-type]


def headers(found: Credentials) -> list[tuple[str, str]]:
    return asyncio.run(found.headers())


def test_a_token_is_a_bearer() -> None:
    assert headers(credentials(token="t")) == [("Authorization", "Bearer t")]


def test_a_password_is_basic() -> None:
    encoded = base64.b64encode(b"me:secret").decode()
    assert headers(credentials(username="me", password="secret")) == [("Authorization", f"Basic {encoded}")]


def test_a_user_may_act_as_another() -> None:
    assert headers(credentials(token="t", as_="robot", as_groups=("a", "b"))) == [
        ("Impersonate-User", "robot"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Authorization", "Bearer t"),
    ]


def test_nobody_sends_nothing() -> None:
    assert headers(credentials()) == []


def test_a_token_file_is_read_again_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    path = tmp_path / "token"
    path.write_text("one\n")
    found = credentials(token="unused", token_file=str(path))
    assert headers(found) == [("Authorization", "Bearer one")]
    path.write_text("two")
    assert headers(found) == [("Authorization", "Bearer one")]
    now += timedelta(minutes=2)
    assert headers(found) == [("Authorization", "Bearer two")]


def test_a_refused_token_is_read_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    found = credentials(token_file=str(path))
    headers(found)
    path.write_text("two")
    found.expire()
    assert found.is_renewable()
    assert headers(found) == [("Authorization", "Bearer two")]


def test_a_program_is_run_again_when_its_token_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    plugin = tmp_path / "plugin"
    plugin.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/runs\n"
        """echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","""
        """"status":{"token":"t","expirationTimestamp":"2026-01-01T00:10:00Z"}}'\n"""
    )
    plugin.chmod(0o755)
    entry = ExecEntry(command=str(plugin), api_version="client.authentication.k8s.io/v1")
    found = credentials(exec_=entry)
    headers(found)
    headers(found)
    assert (tmp_path / "runs").read_text() == "x\n"
    now += timedelta(minutes=10)
    headers(found)
    assert (tmp_path / "runs").read_text() == "x\nx\n"


@pytest.mark.parametrize("token", ["a\r\nX-Other: b", "a\x00", "töken"])
def test_what_would_break_a_header_is_refused(token: str) -> None:
    with pytest.raises(DocumentError, match="cannot be sent"):
        headers(credentials(token=token))


def test_an_auth_provider_of_old_is_refused() -> None:
    with pytest.raises(DocumentError, match="'gcp', which is gone"):
        credentials(auth_provider={"name": "gcp"})
