"""The RBAC assessment: who holds permissions that give more than the work needs.

``assess.py`` judges an inventory, ``access.py`` answers who can what, ``grants_*.py`` list what is risky.
"""

from propolis.compliance.engine.rbac.access import Access, permissions_of
from propolis.compliance.engine.rbac.assess import evaluate
from propolis.compliance.engine.rbac.rule_set import RbacRules, rbac_rules

__all__ = ["Access", "RbacRules", "evaluate", "permissions_of", "rbac_rules"]
