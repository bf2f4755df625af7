"""Which distribution an image is: os-release, and the older files that say it more exactly.

Follows os-release(5). Alpine's release file names the patch version, Debian's the point release.
"""

import shlex

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Distribution

PATHS = frozenset({"etc/os-release", "usr/lib/os-release", "lib/os-release"})


def analyze(path: str, content: Content) -> Analysis:
    """The distribution; nothing where the file names none."""
    del path
    fields = dict(_assignment(line) for line in decoded(content).splitlines() if "=" in line)
    identity = fields.get("ID", "").lower()
    if not identity:
        return Analysis()
    return Analysis(
        Distribution(
            id=identity,
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


OS_RELEASE = Analyzer("os-release", 1, analyze, names=frozenset({"os-release"}), wants=PATHS.__contains__)
