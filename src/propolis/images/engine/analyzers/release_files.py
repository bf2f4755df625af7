"""Which distribution an image is, from the files that were there before os-release.

They speak where os-release is missing, and more exactly where it names the release alone: Debian's point
release, CentOS's whole version. Each holds one line; of ``/etc/lsb-release`` only Ubuntu's is of use.
"""

import re

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Distribution

_FIRST_CHARACTERS = 4096
_RELEASE = re.compile(r"(?P<name>[A-Za-z][^\n]{0,100}?)\s+(?:Linux\s+)?release\s+(?P<version>\d[\d.]{0,30})")
_IDENTITIES = {
    "almalinux": "almalinux",
    "amazon": "amzn",
    "centos": "centos",
    "fedora": "fedora",
    "oracle": "ol",
    "red hat": "rhel",
    "rocky": "rocky",
}
"""How a line of a release file begins, and the ``ID`` of that distribution's os-release."""

_OF_RED_HAT = ("almalinux", "centos", "rocky", "fedora", "oracle", "system", "redhat")
PATHS = (
    "etc/lsb-release",
    *(f"etc/{name}-release" for name in _OF_RED_HAT),
    "etc/alpine-release",
    "etc/debian_version",
)
"""The most telling first: relatives of Red Hat and of Debian keep their parent's file beside their own."""


def analyze(path: str, content: Content) -> Analysis:
    """The distribution; nothing where the file does not name one that is known."""
    text = decoded(content[:_FIRST_CHARACTERS]).strip()
    match path.rpartition("/")[2]:
        case "alpine-release":
            found = _plain("alpine", "Alpine Linux", text)
        case "debian_version":
            found = _debian(text)
        case "lsb-release":
            found = _ubuntu(text)
        case _:
            found = _red_hat(text)
    return Analysis(found)


def _plain(identity: str, title: str, version: str) -> Distribution | None:
    line = short(version.partition("\n")[0])
    return Distribution(identity, line, f"{title} {line}") if line else None


def _debian(text: str) -> Distribution | None:
    """A point release, or the name of the next release with ``/sid`` where there is no number yet."""
    line = short(text.partition("\n")[0])
    if not line or line[0].isdigit():
        return _plain("debian", "Debian", line)
    return Distribution("debian", "", f"Debian {line}", line)


def _ubuntu(text: str) -> Distribution | None:
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if fields.get("DISTRIB_ID", "").strip("\"' ").lower() != "ubuntu":
        return None
    return _plain("ubuntu", "Ubuntu", fields.get("DISTRIB_RELEASE", "").strip("\"' "))


def _red_hat(text: str) -> Distribution | None:
    found = _RELEASE.match(text)
    if found is None:
        return None
    name = found["name"].lower()
    identity = next((known for start, known in _IDENTITIES.items() if name.startswith(start)), "")
    if not identity:
        return None
    return Distribution(identity, found["version"].rstrip("."), short(text.partition("\n")[0]))


RELEASE_FILES = Analyzer(
    "release-files",
    1,
    analyze,
    names=frozenset(path.rpartition("/")[2] for path in PATHS),
    wants=frozenset(PATHS).__contains__,
    max_bytes=64 * 1024,
)
