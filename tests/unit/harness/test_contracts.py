"""Each guard of the house is proven by a violation planted in a copy of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and of the settings."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(
        ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "vendor", "*.zst")
    )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def run(house: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(house / "src"), "PATH": str(BIN)}
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=house,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def plant(house: Path, name: str, text: str) -> Path:
    path = house / "src" / "propolis" / name
    path.write_text(text)
    return path


IMPORTS = {
    "a lower floor imports a higher one": ("core/planted.py", "import propolis.store.schema\n", "floors"),
    "a room imports another room": (
        "policy/model/planted.py",
        "import propolis.network.model.policy\n",
        "rooms",
    ),
    "a model imports its engine": (
        "network/model/planted.py",
        "import propolis.network.engine.coverage\n",
        "inside",
    ),
    "an engine imports a database": ("policy/engine/planted.py", "import sqlite3\n", "engines do no I/O"),
    "core opens sockets": ("core/planted.py", "import socket\n", "engines do no I/O"),
    "insight reads files": ("insight/planted.py", "import pathlib\n", "engines do no I/O"),
    "an engine reads the clock": (
        "compliance/engine/planted.py",
        "import propolis.core.clock\n",
        "engines do no I/O",
    ),
}


@pytest.mark.parametrize("what", IMPORTS)
def test_the_import_contracts_catch(house: Path, what: str) -> None:
    name, text, contract = IMPORTS[what]
    path = plant(house, name, text)
    try:
        result = run(house, "lint-imports", "--no-cache")
    finally:
        path.unlink()
    broken = [line for line in result.stdout.splitlines() if "BROKEN" in line]
    assert result.returncode != 0
    assert any(line.startswith(contract) for line in broken), result.stdout


def test_the_import_contracts_hold_without_a_violation(house: Path) -> None:
    result = run(house, "lint-imports", "--no-cache")
    assert result.returncode == 0, result.stdout


LINT = {
    "print": ('"""Planted."""\n\nprint(1)\n', "T201"),
    "the environment": ('"""Planted."""\n\nimport os\n\nHOME = os.environ["HOME"]\n', "TID251"),
    "the clock": (
        '"""Planted."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n',
        "TID251",
    ),
    "a missing docstring": ('"""Planted."""\n\n\ndef public() -> None:\n    pass\n', "D103"),
    "a shell": (
        '"""Planted."""\n\nimport subprocess\n\nsubprocess.run("ls", shell=True, check=True)\n',
        "S602",
    ),
}


@pytest.mark.parametrize("what", LINT)
def test_lint_catches(house: Path, what: str) -> None:
    text, code = LINT[what]
    path = plant(house, "core/planted.py", text)
    try:
        result = run(house, "ruff", "check", "--no-cache", "--output-format", "concise", str(path))
    finally:
        path.unlink()
    assert result.returncode == 1
    assert code in result.stdout


def test_types_are_strict(house: Path) -> None:
    path = plant(house, "core/planted.py", "def untyped(value):\n    return value\n")
    try:
        result = run(house, "mypy", "--no-incremental", "src/propolis/core/planted.py")
    finally:
        path.unlink()
    assert result.returncode == 1
    assert "no-untyped-def" in result.stdout


LAW = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_it(number):
    assert number < 1000
"""

TESTS = {
    "a warning": (
        "import warnings\n\ndef test_it():\n    warnings.warn('planted')\n",
        "UserWarning: planted",
    ),
    "an unknown mark": (
        "import pytest\n\n@pytest.mark.planted\ndef test_it():\n    assert True\n",
        "not found in `markers`",
    ),
    "an expected failure that passes": (
        "import pytest\n\n@pytest.mark.xfail(reason='planted')\ndef test_it():\n    assert True\n",
        "XPASS(strict)",
    ),
    "a law that does not hold": (LAW, "assert 1000 < 1000"),
}


@pytest.mark.parametrize("what", TESTS)
def test_pytest_is_strict_about(tmp_path: Path, what: str) -> None:
    text, told = TESTS[what]
    test = tmp_path / "test_planted.py"
    test.write_text(text)
    command = [
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(ROOT),
        "-p",
        "no:cacheprovider",
    ]
    result = subprocess.run(
        [sys.executable, *command, str(test)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert told in result.stdout + result.stderr
