"""Programs of others, built once for each source from their Go modules: nobody ships them as we need them."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
KEPT = ("go.mod", "go.sum", "main.go")
LONGEST_SECONDS = 15 * 60
"""Of a build with empty caches, on a small machine."""


class NotBuiltError(Exception):
    """There is no such program here; the text says why."""


class GoProgram(msgspec.Struct, frozen=True):
    """A Go module of the tests, and how it is built.

    Attributes:
        name: Of the file.
        folder: Of the source, below ``tests/e2e``, and of what is built, below ``.cache``.
        what: What it is, for people who wait for it.
        variables: What the linker sets: package and name, value.
    """

    name: str
    folder: str
    what: str
    variables: Mapping[str, str]

    @property
    def source(self) -> Path:
        """The folder of its module."""
        return ROOT / "tests" / "e2e" / self.folder

    @property
    def built(self) -> Path:
        """Where it is once this source has been built."""
        digest = hashlib.sha256(b"\0".join((self.source / name).read_bytes() for name in KEPT)).hexdigest()
        return ROOT / ".cache" / self.folder / digest[:16] / self.name

    def build(self) -> Path:
        """The program; it is built where this source has not been built yet.

        Raises:
            NotBuiltError: There is no Go, or the build fails or takes too long.
        """
        program = self.built
        if not program.is_file():
            self._build(program)
        return program

    def _build(self, program: Path) -> None:
        go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
        if go is None:
            raise NotBuiltError("no Go on this machine: install Go 1.26 or later, from the system or go.dev")
        sys.stderr.write(f"building {self.what} from its modules: minutes, once\n")
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as folder:
            made = Path(folder, self.name)
            _run(self._command(go, made), self.source)
            made.replace(program)

    def _command(self, go: str, into: Path) -> list[str]:
        flags = " ".join(("-s -w", *(f"-X {name}={value}" for name, value in self.variables.items())))
        return ["nice", go, "build", "-trimpath", "-ldflags", flags, "-o", str(into), "."]


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "CGO_ENABLED": "0"},  # noqa: TID251  # Go's own settings
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuiltError(f"the build took more than {LONGEST_SECONDS} s") from error
    if done.returncode:
        raise NotBuiltError(f"the build failed: {done.stderr.strip()[-500:]}")
