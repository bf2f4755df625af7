"""State of the tree that no linter knows: pages of rooms, change fragments, lock files without addresses."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ROOT / "src" / "propolis"
FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed)\.md")
NOT_ROOMS = {"core", "app", "cli", "lang"}
"""Floors that ARCHITECTURE.md describes; they have no formats of their own."""


def missing_pages() -> Iterator[str]:
    """Every room has its page."""
    for room in sorted(ROOMS.iterdir()):
        if (room / "__init__.py").is_file() and room.name not in NOT_ROOMS:
            page = ROOT / "docs" / "rooms" / f"{room.name}.md"
            if not page.is_file():
                yield f"src/propolis/{room.name}: docs/rooms/{room.name}.md is missing"


def wrong_fragments() -> Iterator[str]:
    """Every fragment has a name that towncrier reads, and a text."""
    for fragment in sorted((ROOT / "changelog.d").iterdir()):
        if fragment.name == ".gitkeep":
            continue
        if not FRAGMENT.fullmatch(fragment.name):
            yield f"changelog.d/{fragment.name}: call it <topic>.added.md, .changed.md or .fixed.md"
        elif not fragment.read_text().strip():
            yield f"changelog.d/{fragment.name}: says nothing"


def addresses_in_locks() -> Iterator[str]:
    """Lock files name no index."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        if "://" in lock.read_text():
            yield f"{lock.relative_to(ROOT)}: names an address"
    if '"resolved":' in (ROOT / "package-lock.json").read_text():
        yield "package-lock.json: names an address"


def committed_vendor_files() -> Iterator[str]:
    """Scripts of others come at build and are not committed."""
    command = ["git", "ls-files", "*/vendor/*"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for name in listed.stdout.split():
        yield f"{name}: belongs to others; it comes at build"


def main() -> None:
    """Prints what is wrong and exits with 1 when anything is."""
    found = [*missing_pages(), *wrong_fragments(), *addresses_in_locks(), *committed_vendor_files()]
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
