"""Signed manifests (``validate.manifests``): whether a resource is what somebody signed.

Follows k8s-manifest-sigstore pkg/k8smanifest @ 4152ec0 and Kyverno
pkg/engine/handlers/validation/validate_manifest.go @ v1.19.1. The signed manifest and its signatures are
annotations of the resource. `message.py` unpacks the manifest, `signature.py` checks signatures by public
keys, `comparison.py` compares the manifest with the resource, `verification.py` counts attestors.
"""
