"""What a policy is: frozen structs that mirror kyverno.io v1, v2beta1 and v2, and their parsing.

Open `parse.py` first, then `policy.py`. Field names follow the API; facts from Kyverno
api/kyverno @ 111e07b.
"""

from propolis.policy.model.parse import is_policy, parse_policy
from propolis.policy.model.policy import Policy, Spec
from propolis.policy.model.rule import PolicyRule

__all__ = ["Policy", "PolicyRule", "Spec", "is_policy", "parse_policy"]
