"""The WWW-Authenticate header: how a registry asks for credentials.

Follows RFC 9110 11.6.1, with several challenges in one header, and the token authentication of Docker's
registries (``Bearer realm="...",service="...",scope="..."``).
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

MOST_HEADER_CHARACTERS = 8192
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))', re.ASCII)
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$))?(?=[\s,]|$)", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")


class Challenge(msgspec.Struct, frozen=True):
    """One way of showing who one is; the scheme and the names of parameters are in lower case."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges of some headers; what follows something unreadable is left out."""
    return tuple(one for header in headers for one in _challenges(header[:MOST_HEADER_CHARACTERS]))


def _challenges(header: str) -> Iterator[Challenge]:
    position = 0
    while found := _SCHEME.match(header, position):
        scheme, parameters = found[1].lower(), dict[str, str]()
        position = found.end()
        while given := _PARAMETER.match(header, position):
            value = given[3] if given[2] is None else _ESCAPE.sub(r"\1", given[2])
            parameters.setdefault(given[1].lower(), value)
            position = given.end()
        yield Challenge(scheme, parameters)


def wanted_scope(challenge: Challenge, path: str) -> str:
    """The rights to ask for: to pull from one repository, whatever more the challenge names.

    Words that name no resource are kept: some token services give nothing without theirs.
    """
    words = [word for word in challenge.parameters.get("scope", "").split() if ":" not in word]
    return " ".join([f"repository:{path}:pull", *words])
