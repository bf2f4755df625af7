"""Policies written in CEL, as documents: Kubernetes' own admission policies and Kyverno's newer kinds.

Open `policy.py` for the kinds, `parse.py` for how a document becomes one.
"""
