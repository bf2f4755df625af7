"""Observes clusters: manifests in files, or the Kubernetes API. The only room that speaks to either.

It judges nothing: what it gives is an `Observation`, the resources and what could not be used.
Open `manifests.py` first, then `observe.py` for a live cluster.
"""
