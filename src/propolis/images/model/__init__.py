"""Frozen data of the images room: advisories, packages, vulnerabilities."""
