"""Files by which a language's package shows itself.

Where a distribution's package manager put such a file, it is a part of that package: the distribution
mends it, under versions of its own, so it is not counted again.
"""

from collections.abc import Iterator

from propolis.core.limits import MEBIBYTE

LONGEST_PATH = 4096
MOST_KEPT = 32 * MEBIBYTE
"""Characters of all paths that are kept; a whole distribution has a hundredth."""

MOST_SEEN = 1024 * MEBIBYTE
"""Characters of all paths that are looked at."""

ENDS = (
    ".egg-info",
    ".egg-info/PKG-INFO",
    ".dist-info/METADATA",
    ".gemspec",
    "/package.json",
    ".egg-info/METADATA",
    ".egg",
    ".jar",
    ".war",
    ".ear",
    "/installed.json",
)

_MARKERS = ("/bin/", "/sbin/", *(f"{end}\n" for end in ENDS))


def could_be_a_package(path: str) -> bool:
    """Whether an analyzer of a language may want a file."""
    return path.endswith(ENDS) or ("/bin/" in path or "/sbin/" in path)


def lines_of_packages(text: str) -> Iterator[str]:
    """The lines of a list of files that end with a path that could be a package, in their order.

    Lists are long and such lines are few, so that words are sought rather than lines looked at.
    """
    text = f"{text}\n"
    starts: set[int] = set()
    for marker in _MARKERS:
        found = text.find(marker)
        while found >= 0:
            starts.add(text.rfind("\n", 0, found + 1) + 1)
            found = text.find(marker, text.index("\n", found))
    for start in sorted(starts):
        yield text[start : text.index("\n", start)]


class OwnedPaths:
    """Collects such files of one database; what hostile lists could make of it has bounds."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._left_to_keep = MOST_KEPT
        self._left_to_see = MOST_SEEN

    def add(self, folder: str, name: str) -> None:
        """Keeps a file (no leading slash) if it could be a package."""
        length = len(folder) + len(name) + 1
        self._left_to_see -= length
        if length > LONGEST_PATH or self.is_full:
            return
        path = f"{folder}/{name}" if folder else name
        if could_be_a_package(f"/{path}"):
            self._left_to_keep -= length
            self._kept.append(path)

    @property
    def is_full(self) -> bool:
        """Whether a bound was met; what comes after it is left out."""
        return self._left_to_keep < 0 or self._left_to_see < 0

    @property
    def paths(self) -> tuple[str, ...]:
        """Those kept."""
        return tuple(self._kept)

    @property
    def problems(self) -> tuple[str, ...]:
        """What to tell about it."""
        return ("more files than are looked at",) if self.is_full else ()
