"""Reads images from registries: the pull side of the OCI distribution specification 1.1.

It writes nothing to a registry and judges nothing: it gives manifests, whose digests were compared, and
streams of blobs, whose digests the reader compares. Credentials go to the registry that they are for and
to the token service that this registry names, to nobody else. Open `client.py` first, then `fetcher.py`
(redirects, refusals) and `authorizer.py` (tokens).
"""
