"""Each way out of an engine is planted in a test of its own, run by a pytest of its own, and caught."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

VIOLATIONS = {
    "a file": "open('/dev/null').close()",
    "a folder": "import os; os.listdir('.')",
    "a socket": "import socket; socket.create_connection(('127.0.0.1', 9))",
    "a process": "import subprocess; subprocess.run(['true'])",
    "a swallowed file": "try:\n        open('/dev/null')\n    except BaseException:\n        pass",
    "a database": "import sqlite3; sqlite3.connect(':memory:')",
}


@pytest.fixture(autouse=True)
def _find_the_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.mark.parametrize("what", VIOLATIONS)
def test_an_engine_test_that_opens_something_fails(pytester: pytest.Pytester, what: str) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.engine\ndef test_engine():\n    {VIOLATIONS[what]}\n")
    result = _run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*engine code did I/O*"])


def test_an_engine_test_that_imports_late_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n\n@pytest.mark.engine\ndef test_engine():\n    import colorsys\n    assert colorsys\n"
    )
    _run(pytester).assert_outcomes(passed=1)


def test_other_tests_may_open_files(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_other():\n    open('/dev/null').close()\n")
    _run(pytester).assert_outcomes(passed=1)


def test_a_folder_called_engine_needs_no_mark(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("engine")
    (folder / "test_inside.py").write_text("def test_engine():\n    open('/dev/null').close()\n")
    _run(pytester).assert_outcomes(failed=1)


def _run(pytester: pytest.Pytester) -> pytest.RunResult:
    pytester.makeini("[pytest]\nmarkers = engine: pure\n")
    return pytester.runpytest_subprocess(
        "-p", "tests.harness", "-p", "no:cacheprovider", "--import-mode=importlib"
    )
