"""Credentials from a program, as client.authentication.k8s.io/v1 describes it; never through a shell."""

import asyncio
import contextlib
import os
import shutil
import signal
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from propolis.cluster.kubeconfig import Access, ExecEntry
from propolis.core.errors import SourceError

VERSIONS = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})
MOST_OUTPUT_BYTES = 1 << 20
TIMEOUT_SECONDS = 60.0
_END_SECONDS = 2.0


class ExecCredential(msgspec.Struct, frozen=True, rename="camel"):
    """What a program gave: a token, a certificate with its key, or both.

    ``expiration_timestamp`` None means: as long as the process lives.
    """

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    status: ExecCredential


async def run_exec_plugin(access: Access, timeout_seconds: float = TIMEOUT_SECONDS) -> ExecCredential:
    """Runs the program of a user entry.

    Raises:
        SourceError: It is not there, fails, hangs, or answers something else.
    """
    plugin = access.user.exec_
    if plugin is None:
        return ExecCredential()
    if plugin.api_version not in VERSIONS:
        raise _failed(plugin, f"apiVersion {plugin.api_version!r} is not spoken here, {_VERSION} is")
    if plugin.interactive_mode == "Always":
        raise _failed(plugin, "it must ask at a terminal; log in with it before, or use another")
    output = await _output(access, plugin, timeout_seconds)
    return _credential(plugin, output)


_VERSION = "client.authentication.k8s.io/v1"


def _command(access: Access, plugin: ExecEntry) -> str:
    """Where the program is: a command with a slash starts at the kubeconfig's folder."""
    if "/" in plugin.command:
        path = Path(access.folder, plugin.command)
        found = str(path) if path.is_file() else None
    else:
        found = shutil.which(plugin.command)
    if found is None:
        raise _failed(plugin, plugin.install_hint.strip() or "there is no such program")
    return found


async def _output(access: Access, plugin: ExecEntry, timeout_seconds: float) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            _command(access, plugin),
            *(plugin.args or ()),
            env=_environment(access, plugin),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except OSError as error:
        raise _failed(plugin, (error.strerror or str(error)).lower()) from error
    readers = [asyncio.create_task(_bounded(stream)) for stream in (process.stdout, process.stderr)]
    try:
        async with asyncio.timeout(timeout_seconds):
            output, told = await asyncio.gather(*readers)
            await process.wait()
    except TimeoutError as error:
        raise _failed(plugin, f"no answer within {timeout_seconds:g} s") from error
    except ValueError as error:
        raise _failed(plugin, str(error)) from error
    finally:
        await _end(process, readers)
    if process.returncode:
        raise _failed(plugin, f"it ended with {process.returncode}: {_last_line(told)}")
    return output


async def _end(process: asyncio.subprocess.Process, readers: list[asyncio.Task[bytes]]) -> None:
    """Ends a program that still runs, with all that it started."""
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.communicate()


async def _bounded(stream: asyncio.StreamReader | None) -> bytes:
    """All that a stream gives, up to the limit."""
    found = bytearray()
    while stream is not None and (chunk := await stream.read(1 << 16)):
        found += chunk
        if len(found) > MOST_OUTPUT_BYTES:
            raise ValueError(f"it says more than {MOST_OUTPUT_BYTES:,} bytes")
    return bytes(found)


def _environment(access: Access, plugin: ExecEntry) -> dict[str, str]:
    """The variables of this process, those of the entry, and what the protocol adds."""
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        cluster = access.cluster
        spec["cluster"] = {
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": cluster.certificate_authority_data,
            "proxy-url": cluster.proxy_url,
        }
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    return {
        **os.environ,  # noqa: TID251  # handed on to the program, not read here
        **{variable.name: variable.value for variable in plugin.env or ()},
        "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode(),
    }


def _credential(plugin: ExecEntry, output: bytes) -> ExecCredential:
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise _failed(plugin, f"its answer is no ExecCredential: {error}") from error
    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        raise _failed(plugin, f"it answers {answer.api_version} {answer.kind}")
    given = answer.status
    if not given.token and not (given.client_certificate_data and given.client_key_data):
        raise _failed(plugin, "it gives neither a token nor a certificate with its key")
    return given


def _failed(plugin: ExecEntry, answer: str) -> SourceError:
    return SourceError("get credentials", plugin.command, answer)


def _last_line(told: bytes) -> str:
    lines = told.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it says nothing"
