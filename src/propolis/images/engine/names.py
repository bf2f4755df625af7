"""Names of weaknesses: which belong together, and which one to show."""

import re
from collections.abc import Iterable, Sequence

_CVE = re.compile(r"CVE-([0-9]{4})-([0-9]+)")
_PREFERRED = ("CVE-", "GHSA-", "GO-", "RUSTSEC-", "PYSEC-", "DSA-", "DLA-", "ALSA-", "RHSA-")


def preferred(names: Iterable[str]) -> str:
    """The name to show: the oldest CVE, else the best known database's."""
    return min(names, key=_rank)


def _rank(name: str) -> tuple[int, int, int, str]:
    cve = _CVE.fullmatch(name)
    if cve:
        return 0, int(cve[1]), int(cve[2]), name
    place = next((at for at, prefix in enumerate(_PREFERRED) if name.startswith(prefix)), len(_PREFERRED))
    return place + 1, 0, 0, name


class Groups:
    """Names that mean the same weakness, joined as they become known (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, names: Sequence[str]) -> None:
        """All of these mean one weakness."""
        first = self.root(names[0])
        for name in names[1:]:
            other = self.root(name)
            if other != first:
                self._parents[other] = first

    def root(self, name: str) -> str:
        """The same text for all names of one weakness."""
        path = []
        parent = self._parents.setdefault(name, name)
        while parent != name:
            path.append(name)
            name, parent = parent, self._parents[parent]
        for passed in path:
            self._parents[passed] = name
        return name

    def members(self) -> dict[str, list[str]]:
        """Names by root."""
        found: dict[str, list[str]] = {}
        for name in list(self._parents):
            found.setdefault(self.root(name), []).append(name)
        return found
