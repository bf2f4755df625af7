"""etcd, API server, controller manager and kubectl as one program, built once for each source."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "tests" / "e2e" / "apiserver"
CACHE = ROOT / ".cache" / "apiserver"
KEPT = ("go.mod", "go.sum", "main.go")
VERSION = "v1.36.3"
LONGEST_SECONDS = 15 * 60
"""Of a build with empty caches, on a small machine; it takes four to seven minutes on two cores."""


class NotBuiltError(Exception):
    """There is no control plane here; the text says why."""


def build() -> Path:
    """The program; it is built where this source has not been built yet.

    Raises:
        NotBuiltError: There is no Go, or the build fails or takes too long.
    """
    digest = hashlib.sha256(b"\0".join((SOURCE / name).read_bytes() for name in KEPT)).hexdigest()
    program = CACHE / digest[:16] / "controlplane"
    if not program.is_file():
        _build(program)
    return program


def _build(program: Path) -> None:
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        raise NotBuiltError("no Go on this machine: install Go 1.26 or later, from the system or go.dev")
    sys.stderr.write("building a Kubernetes control plane from its modules: minutes, once\n")
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        made = Path(folder, "controlplane")
        try:
            done = subprocess.run(
                _command(go, made),
                cwd=SOURCE,
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
        made.replace(program)


def _command(go: str, into: Path) -> list[str]:
    major, minor, _ = VERSION.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    told = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(("-s -w", *(f"-X {package}.{name}={value}" for name, value in told.items())))
    return ["nice", go, "build", "-trimpath", "-ldflags", flags, "-o", str(into), "."]
