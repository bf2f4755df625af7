# ruff: noqa: S105, S106  # tokens of tests
import asyncio
import json
from pathlib import Path

import pytest

from propolis.cluster import exec_plugin
from propolis.cluster.exec_plugin import ExecCredential, run_exec_plugin
from propolis.cluster.kubeconfig import Access, ClusterEntry, ExecEntry, UserEntry, Variable
from propolis.core.errors import SourceError

V1 = "client.authentication.k8s.io/v1"


def program(folder: Path, script: str) -> Path:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def answer(version: str = V1, kind: str = "ExecCredential", **status: str) -> str:
    return f"cat <<'END'\n{json.dumps({'apiVersion': version, 'kind': kind, 'status': status})}\nEND"


def entry(command: str = "./plugin", version: str = V1, **fields: object) -> ExecEntry:
    return ExecEntry(command=command, api_version=version, **fields)  # type: ignore[arg-type]


def run(folder: Path, plugin: ExecEntry, timeout_seconds: float = 30) -> ExecCredential:
    cluster = ClusterEntry(server="https://here", tls_server_name="api.here")
    return asyncio.run(
        run_exec_plugin(Access("a", cluster, UserEntry(exec_=plugin), folder), timeout_seconds)
    )


def failure(folder: Path, plugin: ExecEntry, timeout_seconds: float = 30) -> str:
    with pytest.raises(SourceError) as raised:
        run(folder, plugin, timeout_seconds)
    return str(raised.value)


def test_a_program_gives_a_token_and_how_long_it_lasts(tmp_path: Path) -> None:
    program(tmp_path, answer(token="t", expirationTimestamp="2030-01-01T00:00:00Z"))
    given = run(tmp_path, entry())
    assert given.token == "t"
    assert given.expiration_timestamp is not None
    assert given.expiration_timestamp.year == 2030


def test_arguments_and_variables_reach_the_program_without_a_shell(tmp_path: Path) -> None:
    template = '{"apiVersion":"%s","kind":"ExecCredential","status":{"token":"%s|%s"}}'
    program(tmp_path, f"""printf '{template}' "$VERSION" "$1" "$2" """)
    plugin = entry(args=("$(id)", "; exit 1"), env=(Variable("VERSION", V1),))
    assert run(tmp_path, plugin).token == "$(id)|; exit 1"


def test_the_program_is_told_the_protocol_and_on_wish_the_cluster(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program(tmp_path, f'printf %s "$KUBERNETES_EXEC_INFO" > {seen}\n{answer(token="t")}')
    run(tmp_path, entry(provide_cluster_info=True))
    info = json.loads(seen.read_text())
    assert (info["apiVersion"], info["spec"]["interactive"]) == (V1, False)
    assert info["spec"]["cluster"]["server"] == "https://here"
    run(tmp_path, entry())
    assert "cluster" not in json.loads(seen.read_text())["spec"]


def test_the_program_may_stand_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, answer(token="t"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert run(Path("/"), entry("plugin")).token == "t"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo no login >&2; exit 7", "it ended with 7: no login"),
        ("exit 1", "it ended with 1: it says nothing"),
        ("echo text", "its answer is no ExecCredential"),
        (answer(token=""), "neither a token nor a certificate"),
        (answer(clientCertificateData="x"), "neither a token nor a certificate"),
        (answer(kind="Other", token="t"), "it answers"),
        (answer(version="client.authentication.k8s.io/v1beta1", token="t"), "it answers"),
        (answer(token="t", expirationTimestamp="2030-01-01T00:00:00"), "no ExecCredential"),
    ],
)
def test_a_program_that_fails_says_so(tmp_path: Path, script: str, text: str) -> None:
    program(tmp_path, script)
    assert text in failure(tmp_path, entry())


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    program(tmp_path, f"sleep 1000 &\necho $! > {tmp_path}/pid\nwait")
    assert "no answer within" in failure(tmp_path, entry(), timeout_seconds=0.3)
    pid = (tmp_path / "pid").read_text().strip()
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or " Z " in status.read_text()  # nobody may have reaped it yet


def test_a_program_that_talks_without_end_is_ended(tmp_path: Path) -> None:
    program(tmp_path, "exec yes")
    assert f"more than {exec_plugin.MOST_OUTPUT_BYTES:,} bytes" in failure(tmp_path, entry())


@pytest.mark.parametrize(
    ("plugin", "text"),
    [
        (entry("./absent"), "there is no such program"),
        (entry("no-such-program-here", install_hint="install it from there\n"), "install it from there"),
        (entry(version="client.authentication.k8s.io/v1alpha1"), "is not spoken here"),
        (entry(interactive_mode="Always"), "it must ask at a terminal"),
    ],
)
def test_a_program_that_cannot_be_run_says_why(tmp_path: Path, plugin: ExecEntry, text: str) -> None:
    program(tmp_path, answer(token="t"))
    assert text in failure(tmp_path, plugin)


def test_a_file_that_is_no_program_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "plugin").write_text("text")
    assert "permission denied" in failure(tmp_path, entry())
