"""Pytest plug-in of the project: the audit hook of engine tests and the settings of hypothesis."""

from hypothesis import HealthCheck, settings

from tests.harness.purity import pytest_runtest_call, pytest_runtest_setup

__all__ = ["pytest_runtest_call", "pytest_runtest_setup"]

# No example database: engine tests open no files. No deadline: tests assert nothing about time.
settings.register_profile(
    "propolis", database=None, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("propolis")
