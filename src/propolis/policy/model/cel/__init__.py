"""Policies written in CEL, as documents: Kubernetes' own admission policies and Kyverno's newer kinds.

Open `policy.py` for the kinds, `parse.py` for how a document becomes one.
"""

from propolis.policy.model.cel.parse import is_cel_policy, parse_cel_policy
from propolis.policy.model.cel.policy import CelPolicy

__all__ = ["CelPolicy", "is_cel_policy", "parse_cel_policy"]
