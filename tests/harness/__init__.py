"""Pytest plug-in of the project: the audit hook of engine tests and the corpora of others."""

from tests.harness.purity import pytest_runtest_call, pytest_runtest_setup

__all__ = ["pytest_runtest_call", "pytest_runtest_setup"]
