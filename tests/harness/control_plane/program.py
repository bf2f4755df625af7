"""etcd, API server, controller manager and kubectl as one program."""

from pathlib import Path

from tests.harness.go_program import GoProgram, NotBuiltError

__all__ = ["NotBuiltError", "build"]

VERSION = "v1.36.3"
PACKAGE = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = VERSION.removeprefix("v").split(".")
PROGRAM = GoProgram(
    name="controlplane",
    folder="apiserver",
    what="a Kubernetes control plane",
    variables={
        f"{PACKAGE}.gitVersion": VERSION,
        f"{PACKAGE}.gitMajor": _MAJOR,
        f"{PACKAGE}.gitMinor": _MINOR,
    },
)


def build() -> Path:
    """The program; it is built where this source has not been built yet: 4 to 7 minutes on two cores.

    Raises:
        NotBuiltError: There is no Go, or the build fails or takes too long.
    """
    return PROGRAM.build()
