"""RPM versions, `[epoch:]version[-release]`. Follows rpmvercmp (rpm-version(7)).

A text falls into runs of digits, runs of letters, tildes and carets; everything else only separates.
At one place: tilde < end < caret < letters < digits.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder, anything

_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")
_MARKS = {"~": _TILDE, "^": _CARET}
_NO_EPOCH: Key = (_DIGITS, 0, _END)


def make_key(version: str) -> Key:
    """Epoch, version, release. No epoch equals 0; no release is below any release, the empty one too."""
    epoch, colon, rest = version.strip().partition(":")
    if not colon:
        epoch, rest = "", epoch
    number, hyphen, release = rest.rpartition("-")
    if not hyphen:
        number, release = rest, ""
    epoch_key = segments_key(epoch) if epoch else _NO_EPOCH
    return epoch_key, segments_key(number), (segments_key(release),) if hyphen else ()


def segments_key(text: str) -> Key:
    """One of the three fields: a rank for each segment, followed by its value where it has one."""
    pieces: list[int | str] = []
    for segment in _SEGMENTS.findall(text):
        if segment[0] in "0123456789":
            pieces += (_DIGITS, int(segment))
        elif segment in _MARKS:
            pieces.append(_MARKS[segment])
        else:
            pieces += (_LETTERS, segment)
    pieces.append(_END)
    return tuple(pieces)


ORDER = VersionOrder("rpm", make_key, anything)
