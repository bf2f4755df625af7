"""The Pod Security Standards, natively: every check of baseline and restricted, by version.

Open `registry.py` for which checks a level and version have, `baseline.py` and `restricted.py` for
what they say. Messages are those of the API server (k8s.io/pod-security-admission @ 8f84a87).
"""

from propolis.policy.engine.pod_security.pod import Pod, pod_of
from propolis.policy.engine.pod_security.registry import parse_version, violations
from propolis.policy.engine.pod_security.violation import FieldProblem, Violation

__all__ = ["FieldProblem", "Pod", "Violation", "parse_version", "pod_of", "violations"]
