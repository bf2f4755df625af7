"""The page of the room lists what the pack has."""

import re
from pathlib import Path

from propolis.policy.sources import pack
from propolis.reports.render.policy_pack import line_of

ROOT = Path(__file__).parents[4]
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([^|]+) \| (\w+) \| (\w+Policy) \| (yes)? ?\|$", re.MULTILINE)


def test_the_page_of_the_room_lists_every_policy_as_it_is() -> None:
    page = (ROOT / "docs" / "rooms" / "policy.md").read_text(encoding="utf-8")
    written = [line_of(policy) for policy in pack.load()]
    assert _ROW.findall(page) == [
        (one.name, one.title, one.severity, one.kind, "yes" if one.is_default else "") for one in written
    ]


def test_the_counts_that_are_told_are_those_of_the_pack() -> None:
    count, defaults = len(pack.load()), len(pack.chosen([pack.DEFAULT]))
    guide = (ROOT / "docs" / "guides" / "use-the-pack.md").read_text(encoding="utf-8")
    assert f"brings {count} policies of its own. {defaults} of them judge" in guide
