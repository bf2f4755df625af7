r"""Random text of a pattern: ``[a-z0-9]{8}-(dev|prod)\d?``, from randomness that the caller brings.

A small part of regular expressions, as the function ``random`` takes it: characters, classes,
``\d \w \s .``, groups with alternatives, and the repetitions ``? * + {n} {n,m}``.
"""

import hashlib
import re

from propolis.lang.jmespath.errors import ExpressionError

LONGEST_RESULT = 4096
MOST_REPETITIONS = 1024
MOST_LEVELS = 20
_OPEN_END = 8
"""Most repetitions of ``*``, ``+`` and ``{n,}`` beyond their least."""

_DIGITS = "0123456789"
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_PRINTABLE = "".join(map(chr, range(32, 127)))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": " \t"}
_REPEAT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\}")


def generate(pattern: str, seed: str) -> str:
    """A text that the pattern matches; the same seed gives the same text.

    Raises:
        ExpressionError: The pattern is none of this notation, or its text would be too long.
    """
    maker = _Maker(pattern, seed)
    text = maker.alternatives(0)
    if not maker.is_done:
        raise ExpressionError(f"random(): the pattern has an unexpected {maker.here!r}")
    return text


class _Maker:
    def __init__(self, pattern: str, seed: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._seed = seed.encode(errors="surrogatepass")
        self._count = 0
        self._length = 0

    @property
    def is_done(self) -> bool:
        return self._position >= len(self._pattern)

    @property
    def here(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def alternatives(self, level: int) -> str:
        """``a|b|c``: all are read, one is kept."""
        if level > MOST_LEVELS:
            raise ExpressionError(f"random(): the pattern is nested deeper than {MOST_LEVELS} levels")
        made = [self._sequence(level)]
        while self.here == "|":
            self._position += 1
            made.append(self._sequence(level))
        return made[self._below(len(made))]

    def _sequence(self, level: int) -> str:
        parts: list[str] = []
        while not self.is_done and self.here not in "|)":
            parts.append(self._repeated(level))
        return "".join(parts)

    def _repeated(self, level: int) -> str:
        start = self._position
        first = self._atom(level)
        after = self._position
        least, most = self._bounds()
        end = self._position
        parts: list[str] = []
        for number in range(least + self._below(most - least + 1)):
            if number:
                self._position = start
                parts.append(self._atom(level))
            else:
                parts.append(first)
            self._spend(len(parts[-1]))
        self._position = max(after, end)
        return "".join(parts)

    def _spend(self, length: int) -> None:
        self._length += length + 1
        if self._length > LONGEST_RESULT:
            raise ExpressionError(f"random(): the text is longer than {LONGEST_RESULT} characters")

    def _bounds(self) -> tuple[int, int]:
        marks = {"?": (0, 1), "*": (0, _OPEN_END), "+": (1, _OPEN_END + 1)}
        if self.here and self.here in marks:
            self._position += 1
            return marks[self._pattern[self._position - 1]]
        found = _REPEAT.match(self._pattern, self._position)
        if found is None:
            return 1, 1
        self._position = found.end()
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else least + _OPEN_END
        if least > most or most > MOST_REPETITIONS:
            raise ExpressionError(
                f"random(): the repetition {found[0]} is not one of 0 to {MOST_REPETITIONS}"
            )
        return least, most

    def _atom(self, level: int) -> str:
        character = self.here
        self._position += 1
        if character == "[":
            return self._one_of(self._class())
        if character == "(":
            return self._group(level)
        if character == ".":
            return self._one_of(_PRINTABLE)
        if character == "\\":
            return self._escaped()
        if character in "^$":
            return ""
        if character in "*+?{":
            raise ExpressionError(f"random(): nothing to repeat before {character!r}")
        return character

    def _group(self, level: int) -> str:
        if self._pattern.startswith("?:", self._position):
            self._position += 2
        made = self.alternatives(level + 1)
        if self.here != ")":
            raise ExpressionError("random(): a group is not closed")
        self._position += 1
        return made

    def _escaped(self) -> str:
        if self.is_done:
            raise ExpressionError("random(): the pattern ends with a backslash")
        character = self.here
        self._position += 1
        return self._one_of(_CLASSES[character]) if character in _CLASSES else character

    def _class(self) -> str:
        end = self._pattern.find("]", self._position + 1)
        if end < 0:
            raise ExpressionError("random(): a class is not closed")
        body = self._pattern[self._position : end]
        self._position = end + 1
        is_negated = body.startswith("^")
        members = _members(body[1:] if is_negated else body)
        return "".join(one for one in _PRINTABLE if one not in members) if is_negated else members

    def _one_of(self, characters: str) -> str:
        if not characters:
            raise ExpressionError("random(): a class is empty")
        return characters[self._below(len(characters))]

    def _below(self, limit: int) -> int:
        """A number from 0 to below the limit; 64 bits of the stream make any bias negligible."""
        if limit <= 1:
            return 0
        self._count += 1
        digest = hashlib.blake2b(self._count.to_bytes(8), key=self._seed[:64], digest_size=8).digest()
        return int.from_bytes(digest) % limit


def _members(body: str) -> str:
    r"""``a-z0-9_\d`` as characters."""
    found: list[str] = []
    position = 0
    while position < len(body):
        one = body[position]
        if one == "\\" and position + 1 < len(body):
            found.append(_CLASSES.get(body[position + 1], body[position + 1]))
            position += 2
        elif position + 2 < len(body) and body[position + 1] == "-":
            first, last = ord(one), ord(body[position + 2])
            if first > last or last - first > MOST_REPETITIONS:
                raise ExpressionError(f"random(): the range {body[position : position + 3]!r} is wrong")
            found.append("".join(map(chr, range(first, last + 1))))
            position += 3
        else:
            found.append(one)
            position += 1
    return "".join(found)
