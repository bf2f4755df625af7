"""Compiles policies to functions and evaluates them on resources. Does no I/O and reads no clock.

Open `evaluate.py` for the door, `compiler.py` for how a policy becomes functions, `pattern.py` for
patterns and anchors, `operators.py` for conditions, `variables.py` for ``{{ }}``.
"""

from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.subject import PolicySubject, UserInfo

__all__ = ["PolicySet", "PolicySubject", "UserInfo", "compile_policies", "evaluate"]
