"""Alpine versions, `number{.number}{letter}{_suffix{number}}{~hash}{-r#}`. Follows apk-package(5).

Versions are compared token by token. Where one goes on and the other does not, the kind of the next token
decides: a pre-release suffix makes it lower, anything else higher, a further number the most.
A text that stops following the grammar is below the version it begins with.
"""

import re

from propolis.lang.versions.order import Key, VersionOrder

_BROKEN, _PRE, _END, _REVISION, _SUFFIX_NUMBER, _POST, _LETTER, _ZERO_LED, _NUMBER = range(9)
_SUFFIXES = {
    "alpha": (_PRE, 0), "beta": (_PRE, 1), "pre": (_PRE, 2), "rc": (_PRE, 3),
    "cvs": (_POST, 0), "svn": (_POST, 1), "git": (_POST, 2), "hg": (_POST, 3), "p": (_POST, 4),
}  # fmt: skip
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_LETTERED = re.compile(r"([a-z])([0-9]*)")
_SUFFIX = re.compile(r"_(alpha|beta|pre|rc|cvs|svn|git|hg|p)([0-9]*)")
_HASH = re.compile(r"~[0-9a-f]+")
_BUILD = re.compile(r"-r([0-9]*)")
_VALID = re.compile(
    r"[0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(?:~[0-9a-f]+)?(?:-r[0-9]+)?"
)


def make_key(version: str) -> Key:
    """A rank for each token, followed by its value. The hash says nothing about order and is left out."""
    pieces: list[int | str] = []
    text = version.strip()
    numbers = _NUMBERS.match(text)
    if numbers is None:
        return (_BROKEN, text)
    _add_numbers(pieces, numbers[0])
    position = _add_letter(pieces, text, numbers.end())
    position = _add_suffixes(pieces, text, position)
    found = _HASH.match(text, position)
    _add_end(pieces, text[found.end() if found else position :])
    return tuple(pieces)


def _add_numbers(pieces: list[int | str], numbers: str) -> None:
    """The first as a number; of the others, those that begin with 0 compare as text, before the rest."""
    first, *others = numbers.split(".")
    pieces += (_NUMBER, int(first))
    for number in others:
        pieces += (_ZERO_LED, number) if number[0] == "0" else (_NUMBER, int(number))


def _add_letter(pieces: list[int | str], text: str, position: int) -> int:
    """A letter, which a number may follow (``6.6.2p1``, as apk 2 has it)."""
    found = _LETTERED.match(text, position)
    if found is None:
        return position
    pieces += (_LETTER, found[1])
    if found[2]:
        pieces += (_NUMBER, int(found[2]))
    return found.end()


def _add_suffixes(pieces: list[int | str], text: str, position: int) -> int:
    while found := _SUFFIX.match(text, position):
        pieces += _SUFFIXES[found[1]]
        if found[2]:
            pieces += (_SUFFIX_NUMBER, int(found[2]))
        position = found.end()
    return position


def _add_end(pieces: list[int | str], rest: str) -> None:
    """The build number and the end; what is neither is garbage, of which all after a hyphen is equal."""
    build = _BUILD.fullmatch(rest)
    if build:
        pieces += (_REVISION, int(build[1] or 0))
    elif rest:
        pieces += (_BROKEN, "" if rest[0] == "-" else rest)
        return
    pieces.append(_END)


def is_valid(version: str) -> bool:
    """Whether it follows the grammar of apk-package(5)."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("alpine", make_key, is_valid)
