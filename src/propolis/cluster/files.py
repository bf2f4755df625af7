"""Reads one file within the limits: its size is looked at first, and it is a file indeed."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from propolis.cluster.folders import printable
from propolis.core.errors import DocumentError, LimitError, Place, SourceError
from propolis.core.limits import Limits

STDIN = "<stdin>"


def read_file(path: Path, limits: Limits) -> bytes:
    """The bytes of a regular file.

    Raises:
        LimitError: It is too large; it was not read.
        DocumentError: It is no regular file, or is not there.
        SourceError: It cannot be read.
    """
    name = printable(path)
    try:
        # Not blocking: what was a file may have become a pipe since.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            size_bytes = _check(os.fstat(descriptor), name, limits)
            data = file.read(size_bytes + 1)
            if len(data) > size_bytes:  # it grows while it is read, or has no size, as those in /proc
                data += file.read(limits.file_bytes + 1)
            return _bounded(data, name, limits)
    except FileNotFoundError as error:
        raise DocumentError("is not there", Place(name), "a file or a folder") from error
    except (OSError, ValueError) as error:
        raise SourceError("read", name, str(getattr(error, "strerror", None) or error).lower()) from error


def read_stdin(stdin: BinaryIO, limits: Limits) -> bytes:
    """Everything of standard input. Raises `LimitError` as soon as it is too much, or `SourceError`."""
    try:
        return _bounded(stdin.read(limits.file_bytes + 1), STDIN, limits)
    except OSError as error:
        raise SourceError("read", STDIN, str(error)) from error


def _check(status: os.stat_result, name: str, limits: Limits) -> int:
    """The size of a file that may be read."""
    if not stat.S_ISREG(status.st_mode):
        expected = "a file or a folder; what comes through a pipe is read with --manifests -"
        raise DocumentError("is no regular file", Place(name), expected)
    if status.st_size > limits.file_bytes:
        raise _too_large(f"{status.st_size:,} bytes", name, limits)
    return status.st_size


def _bounded(data: bytes, name: str, limits: Limits) -> bytes:
    if len(data) > limits.file_bytes:
        raise _too_large("more", name, limits)
    return data


def _too_large(size: str, name: str, limits: Limits) -> LimitError:
    most = f"at most {limits.file_bytes:,} bytes; split it into several files"
    return LimitError(f"holds {size} than is read" if size == "more" else f"holds {size}", Place(name), most)
