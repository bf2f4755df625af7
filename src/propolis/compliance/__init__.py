"""Does the configuration keep to good practice, and who is allowed what.

The configuration audit judges one resource, the RBAC assessment an inventory; neither reads
anything itself. Open ``engine/config_audit.py`` and ``engine/rbac.py`` first.
"""

from propolis.compliance.engine import config_audit
from propolis.compliance.engine.check_set import CheckSet, checks

__all__ = ["CheckSet", "checks", "config_audit"]
