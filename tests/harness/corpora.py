"""Where the conformance tests find what others wrote, and the lists of cases that are left out."""

import os
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_CORPORA = ROOT.parent / "shared" / "corpora"


def corpora() -> Path:
    """The folder of all corpora: PROPOLIS_CORPORA, or ``../shared/corpora`` beside the tree."""
    named = os.environ.get("PROPOLIS_CORPORA")  # noqa: TID251  # tests have no settings module
    return Path(named) if named else DEFAULT_CORPORA


def corpus(name: str) -> Path:
    """The folder of one corpus; skips the test where it is absent."""
    folder = corpora() / name
    if not folder.is_dir():
        pytest.skip(f"corpus {name} is absent: set PROPOLIS_CORPORA to the folder that holds it")
    return folder


def skipped_cases(test_file: str) -> dict[str, str]:
    """Cases that ``skips.toml`` beside a test file lists, each with the reason."""
    path = Path(test_file).with_name("skips.toml")
    if not path.exists():
        return {}
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return {case: group["reason"] for group in document.get("group", []) for case in group["cases"]}
