"""Kind selectors of match and exclude: ``Pod``, ``apps/v1/Deployment``, ``Pod/exec``, ``*/*``.

Follows Kyverno pkg/utils/kube/kind.go and pkg/utils/match/kind.go @ 111e07b.
"""

import re
from functools import lru_cache

import msgspec

from propolis.lang.wildcard import matches

_VERSION = re.compile(r"(v\d((alpha|beta)\d)?|\*)", re.ASCII)
EPHEMERAL = "ephemeralcontainers"


class KindSelector(msgspec.Struct, frozen=True):
    """Wildcards for group, version, kind and subresource."""

    group: str
    version: str
    kind: str
    subresource: str

    def selects(self, group: str, version: str, kind: str, subresource: str) -> bool:
        """Whether a kind is meant; a Pod also stands for its ephemeral containers."""
        if not (matches(self.group, group) and matches(self.version, version) and matches(self.kind, kind)):
            return False
        if matches(self.subresource, subresource):
            return True
        return subresource == EPHEMERAL and (group, version, kind) == ("", "v1", "Pod")


@lru_cache(maxsize=4096)
def parse_kind(text: str) -> KindSelector:
    """The parts of a kind selector; one that cannot be read selects nothing."""
    *before, last = text.split("/")
    return KindSelector(*_selector_parts([*before, *last.split(".")]))


def _selector_parts(parts: list[str]) -> tuple[str, str, str, str]:
    has_version = len(parts) > 1 and _VERSION.fullmatch(parts[0]) is not None
    match parts:
        case [kind]:
            return "*", "*", kind, ""
        case ["*", "*"]:
            return "*", "*", "*", "*"
        case [first, second]:
            if first == "*" and second.lower() == second:
                return "*", "*", "*", second
            return ("*", first, second, "") if has_version else ("*", "*", first, second)
        case [first, second, third]:
            return ("*", first, second, third) if has_version else (first, second, third, "")
        case [group, version, kind, subresource]:
            return group, version, kind, subresource
    return "", "", "", ""


def plain_kind(text: str) -> str:
    """The kind alone, as autogen compares it."""
    parts = text.split("/")
    if len(parts) == 2 and not _VERSION.fullmatch(parts[0]) and parts[0] != "*":  # noqa: PLR2004  # kind/subresource
        return parts[0]
    if len(parts) == 3 and _VERSION.fullmatch(parts[0]):  # noqa: PLR2004  # version/kind/subresource
        return parts[1]
    if len(parts) == 4:  # noqa: PLR2004  # group/version/kind/subresource
        return parts[2]
    return parts[-1].partition(".")[0]
