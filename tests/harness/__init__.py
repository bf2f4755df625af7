"""Pytest plug-in of the project: audit hook of engine tests, settings of hypothesis, counts of corpora."""

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.corpora import summary
from tests.harness.purity import pytest_runtest_call, pytest_runtest_setup

__all__ = ["pytest_runtest_call", "pytest_runtest_setup", "pytest_terminal_summary"]

# No example database: engine tests open no files. No deadline: tests assert nothing about time.
settings.register_profile(
    "propolis", database=None, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("propolis")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a corpus."""
    lines = summary()
    if lines:
        terminalreporter.section("corpora")
        for line in lines:
            terminalreporter.write_line(line)
