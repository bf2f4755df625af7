"""The guides show what the program prints."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from propolis.cli.root import cli

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"```console\n\$ propolis ([^\n]*)\n(.*?)\n```", re.DOTALL)
BLOCKS = [
    pytest.param(command, shown, id=f"{path.stem}: {command}")
    for path in sorted((ROOT / "docs" / "guides").glob("*.md"))
    for command, shown in _BLOCK.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("command", "shown"), BLOCKS)
def test_what_a_guide_shows_is_what_the_command_prints(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = CliRunner().invoke(cli, shlex.split(command), standalone_mode=False).stdout
    assert [line.rstrip() for line in found.strip().splitlines()] == shown.splitlines()


def test_the_guides_show_commands() -> None:
    assert len(BLOCKS) >= 5
