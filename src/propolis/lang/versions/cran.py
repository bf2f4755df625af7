"""CRAN versions: numbers between dots or hyphens that compare as a list. Follows R's package_version.

``1.0`` is below ``1.0.0``. A text that is no such list is below all versions.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

_VALID = re.compile(r"[0-9]+(?:[.-][0-9]+)*")


def make_key(version: str) -> Key:
    """The numbers; for other texts a key below all of them."""
    text = version.strip()
    if _VALID.fullmatch(text) is None:
        return (-1, text)
    return tuple(map(int, text.replace("-", ".").split(".")))


def is_valid(version: str) -> bool:
    """Whether it is numbers between dots or hyphens."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("cran", make_key, is_valid)
