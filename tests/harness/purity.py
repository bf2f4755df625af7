"""An engine test fails when the code it runs opens a file, a socket or a process.

An audit hook cannot be removed once added, so one hook is added once and looks at a flag. Imports
that happen during a call open files too, and so does whoever asks for source lines (hypothesis,
pytest's reports): both are let through.
"""

import linecache
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

FORBIDDEN = frozenset(
    {
        "open", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.scandir",
        "socket.bind", "socket.connect", "socket.getaddrinfo",
        "subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system",
        "sqlite3.connect", "shutil.copyfile", "urllib.Request",
    }
)  # fmt: skip


_SOURCE_LINES = linecache.updatecache.__code__
_CONSTANTS = Path(hypothesis.__file__).parent / "internal" / "constants_ast.py"
_SOURCE_READERS = ("<frozen importlib", str(_CONSTANTS))
"""Imports, and hypothesis looking for constants in the sources that are loaded."""


class ImpureEngineError(AssertionError):
    """Engine code did I/O."""


class _Watch:
    """The one hook's flag and what it saw."""

    active = False
    seen: list[str] = []  # noqa: RUF012  # the hook lives as long as the process


def _is_reading_code() -> bool:
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_SOURCE_READERS) or frame.f_code is _SOURCE_LINES:
            return True
        frame = frame.f_back
    return False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _Watch.active or event not in FORBIDDEN or _is_reading_code():
        return
    what = f"{event} {arguments[:1]}"
    _Watch.seen.append(what)
    raise ImpureEngineError(f"engine code did I/O: {what}")


sys.addaudithook(_hook)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Watches the call of every test marked ``engine`` or standing in an ``engine`` folder."""
    if not is_engine_test(item):
        return (yield)
    _Watch.seen.clear()
    _Watch.active = True
    try:
        result = yield
    finally:
        _Watch.active = False
    if _Watch.seen:  # the code under test swallowed the error
        raise ImpureEngineError("engine code did I/O: " + "; ".join(_Watch.seen))
    return result


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Nothing of an earlier test is left over."""
    del item
    _Watch.active = False


def is_engine_test(item: pytest.Item) -> bool:
    """Whether the test runs engine code only."""
    return item.get_closest_marker("engine") is not None or "engine" in item.path.parent.parts
