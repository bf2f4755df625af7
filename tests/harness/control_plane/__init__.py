"""A real Kubernetes control plane on loopback addresses, for tests and for people who try things.

`program.py` says how it is built from its Go modules, `plane.py` starts and stops it.
"""

from tests.harness.control_plane.plane import ControlPlane
from tests.harness.control_plane.program import NotBuiltError, build

__all__ = ["ControlPlane", "NotBuiltError", "build"]
