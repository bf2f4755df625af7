"""Who may speak to whom: NetworkPolicy semantics, coverage of workloads, exposure to the outside.

Reads Services, Ingresses, routes and NetworkPolicies of one inventory; does not watch or change
anything. Open ``engine/coverage.py`` first; ``engine/connectivity.py`` answers single questions.
"""

from propolis.network.engine.coverage import evaluate
from propolis.network.engine.coverage_rules import CoverageRules, coverage_rules
from propolis.network.engine.exposure import exposure
from propolis.network.model.exposure import Exposure, ExposureLevel

__all__ = ["CoverageRules", "Exposure", "ExposureLevel", "coverage_rules", "evaluate", "exposure"]
