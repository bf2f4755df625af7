"""Propolis: one program for the security of Kubernetes clusters.

Open ARCHITECTURE.md first; it names the rooms below this package and the floors between them.
"""

__version__ = "0.1.0"
