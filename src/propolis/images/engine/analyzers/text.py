"""Text of files that strangers wrote: always text, never too long."""

from collections.abc import Iterator

from propolis.images.engine.analyzer import Content

LONGEST_FIELD = 4096
"""Characters of a name, version or licence; longer ones are cut off."""

MOST_PACKAGES = 200_000
"""Packages of one database; a whole distribution has half of it."""

TOO_MANY = f"more than {MOST_PACKAGES:,} packages; the rest is left out"


def decoded(content: Content) -> str:
    """The content as UTF-8; other bytes become replacement characters."""
    return bytes(content).decode("utf-8", "replace")


def short(value: str) -> str:
    """A field of at most `LONGEST_FIELD` characters."""
    return value.strip()[:LONGEST_FIELD]


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The ``Key: value`` paragraphs of a control file (RFC 822 form), keys in lower case.

    Continued lines are left out: no field that is used is continued, and descriptions are long.
    """
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            if fields:
                yield fields
                fields = {}
        elif line[0] not in " \t":
            key, colon, value = line.partition(":")
            if colon:
                fields.setdefault(key.strip().lower(), short(value))
    if fields:
        yield fields
