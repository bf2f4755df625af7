"""Which distribution an image is, by os-release(5)."""

import shlex

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Distribution

PATHS = frozenset({"etc/os-release", "usr/lib/os-release", "lib/os-release"})

_OLD_NAMES = {("opensuse", "opensuse leap"): "opensuse-leap"}
"""``ID`` and ``NAME`` of releases from before the ``ID`` told products apart, and the ``ID`` since."""


def analyze(path: str, content: Content) -> Analysis:
    """The distribution; nothing where the file names none."""
    del path
    fields = dict(_assignment(line) for line in decoded(content).splitlines() if "=" in line)
    identity = fields.get("ID", "").lower()
    if not identity:
        return Analysis()
    return Analysis(
        Distribution(
            id=_OLD_NAMES.get((identity, fields.get("NAME", "").lower()), identity),
            version=fields.get("VERSION_ID", ""),
            name=fields.get("PRETTY_NAME", ""),
            codename=fields.get("VERSION_CODENAME", ""),
        )
    )


def _assignment(line: str) -> tuple[str, str]:
    key, _, value = line.strip().partition("=")
    try:
        words = shlex.split(value, comments=False)
    except ValueError:
        words = [value.strip("\"'")]
    return key, short(" ".join(words))


OS_RELEASE = Analyzer(
    "os-release", 2, analyze, names=frozenset({"os-release"}), wants=PATHS.__contains__, max_bytes=64 * 1024
)
