"""YAML and JSON as Kubernetes' own tools read them, fast and within limits.

The meaning is that of sigs.k8s.io/yaml (YAML 1.1 through a fork of go-yaml v2, then JSON).
`reference.py` gives that meaning; `plain.py` hands documents without any doubtful syntax to a
faster parser and must give the same. `documents.py` is the door: open it first.
"""

from propolis.lang.yaml.documents import Parsed, load_documents
from propolis.lang.yaml.positions import position_of

__all__ = ["Parsed", "load_documents", "position_of"]
