"""Types, and values, of objects that an OpenAPI schema of Kubernetes describes.

Open `schemas.py`. Follows apiserver pkg/cel/common and pkg/cel/openapi @ v0.36.3.
"""
