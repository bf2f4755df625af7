"""Does the configuration keep to good practice, and who is allowed what.

The configuration audit judges one resource, the RBAC assessment an inventory; neither reads
anything itself. Open ``engine/config_audit.py`` and ``engine/rbac/assess.py`` first.
"""

from propolis.compliance.engine import config_audit, rbac
from propolis.compliance.engine.check_set import CheckSet, checks
from propolis.compliance.engine.rbac import Access, RbacRules, permissions_of, rbac_rules

__all__ = [
    "Access",
    "CheckSet",
    "RbacRules",
    "checks",
    "config_audit",
    "permissions_of",
    "rbac",
    "rbac_rules",
]
