"""Asks a program for credentials, as Docker does: ``docker-credential-NAME get``; never through a shell."""

import asyncio
import contextlib
import os
import re
import shutil
import signal

import msgspec

from propolis.core.errors import SourceError

TIMEOUT_SECONDS = 30.0
MOST_OUTPUT_BYTES = 1 << 16
_END_SECONDS = 2.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOTHING_FOUND = b"credentials not found"
_IDENTITY_TOKEN = "<token>"  # noqa: S105  # how a helper says that its secret is one


class Credential(msgspec.Struct, frozen=True):
    """Name and password, or a token with which a token service gives others."""

    username: str = ""
    password: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        """Without its secrets."""
        return f"Credential(username={self.username!r})"


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str = ""
    secret: str = ""


async def run_credential_helper(
    name: str, address: str, timeout_seconds: float = TIMEOUT_SECONDS
) -> Credential | None:
    """What a helper knows of a registry; None where it knows nothing.

    Raises:
        SourceError: It is not there, fails, hangs, or answers something else.
    """
    program = f"docker-credential-{name}"
    path = shutil.which(program) if _NAME.fullmatch(name) else None
    if path is None:
        raise _failed(program, "there is no such program")
    status, output = await _output(path, program, address, timeout_seconds)
    if _NOTHING_FOUND in output:
        return None
    if status:
        raise _failed(program, f"it ended with {status}: {_line(output)}")
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _failed(program, "its answer is no JSON with Username and Secret") from error
    if answer.username == _IDENTITY_TOKEN:
        return Credential(identity_token=answer.secret)
    return Credential(answer.username, answer.secret) if answer.username else None


async def _output(path: str, program: str, address: str, timeout_seconds: float) -> tuple[int, bytes]:
    """Its status and what it says."""
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            "get",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except OSError as error:
        raise _failed(program, (error.strerror or str(error)).lower()) from error
    try:
        async with asyncio.timeout(timeout_seconds):
            output = await _talk(process, address)
            return await process.wait(), output
    except TimeoutError as error:
        raise _failed(program, f"no answer within {timeout_seconds:g} s") from error
    except ValueError as error:
        raise _failed(program, str(error)) from error
    finally:
        await _end(process)


async def _talk(process: asyncio.subprocess.Process, address: str) -> bytes:
    """Tells it the registry and hears it out, up to the limit."""
    reader, writer = process.stdout, process.stdin
    if reader is None or writer is None:
        raise ValueError("it cannot be talked to")
    with contextlib.suppress(ConnectionError):
        writer.write(address.encode())
        writer.write_eof()
    found = bytearray()
    while chunk := await reader.read(MOST_OUTPUT_BYTES):
        found += chunk
        if len(found) > MOST_OUTPUT_BYTES:
            raise ValueError(f"it says more than {MOST_OUTPUT_BYTES:,} bytes")
    return bytes(found)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends a program that still runs, with all that it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()


def _failed(program: str, answer: str) -> SourceError:
    return SourceError("get credentials", program, answer)


def _line(output: bytes) -> str:
    text = output.decode(errors="replace")
    return "".join(one if one.isprintable() else " " for one in text)[:200].strip() or "it says nothing"
