"""The guides show what the program prints."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from propolis.cli.root import cli
from tests.harness.recorded import record_shop

ROOT = Path(__file__).resolve().parents[3]
RECORDED = "recorded.db"
"""A store of which guides show what was recorded."""
_BLOCK = re.compile(r"```console\n\$ propolis ([^\n]*)\n(.*?)\n```", re.DOTALL)
BLOCKS = [
    pytest.param(command, shown, id=f"{path.stem}: {command}")
    for path in sorted((ROOT / "docs" / "guides").glob("*.md"))
    for command, shown in _BLOCK.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("command", "shown"), BLOCKS)
def test_what_a_guide_shows_is_what_the_command_prints(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    if RECORDED in words:
        store = tmp_path / RECORDED
        record_shop(store, ROOT / "examples" / "policies" / "require-owner.yaml")
        words[words.index(RECORDED)] = str(store)
    found = CliRunner().invoke(cli, words, standalone_mode=False).stdout
    assert [line.rstrip() for line in found.strip().splitlines()] == shown.splitlines()


def test_the_guides_show_commands() -> None:
    assert len(BLOCKS) >= 5
