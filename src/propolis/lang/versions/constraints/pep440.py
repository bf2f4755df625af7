"""Version specifiers of Python. Follows PEP 440, chapter "Version specifiers".

Two departures for advisories: pre-releases always count, and a specifier with a local label compares local
labels under every operator (vendors write ``< 4.2.8+sp9``), one without ignores the candidate's.
"""

import re
from collections.abc import Callable

from propolis.lang.versions.constraints.model import Candidate, Test, refuse_many, wrong
from propolis.lang.versions.constraints.operators import COMPARISONS, padded
from propolis.lang.versions.order import Key, VersionOrder

_PART = re.compile(r"\s*(===|~=|==|!=|<=|>=|<|>|=)?\s*([^\s,|<>=!~;()]+)\s*(,|\|\|?|$)?")
_WILDCARD = re.compile(r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)\.\*", re.IGNORECASE)
_RELEASE = re.compile(r"v?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)", re.IGNORECASE)
_EXPECTED = "a specifier such as '>=1.0', '==1.*' or '~=2.2'"
_KeyTest = Callable[[Key], bool]
_EPOCH, _RELEASE_FIELD, _PRE, _POST, _DEV, _LOCAL = range(6)
_NO_PRE, _NO_POST = (3, 0), -1


def read(order: VersionOrder, expression: str) -> tuple[tuple[tuple[Test, ...], ...], str]:
    """Alternatives (between ``||``) of specifiers (between commas), and the expression in one spelling.

    Raises:
        DocumentError: for what is no specifier, with the column.
    """
    alternatives: list[list[Test]] = [[]]
    texts: list[list[str]] = [[]]
    position = 0
    while position < len(expression):
        found = _PART.match(expression, position)
        if found is None:
            raise wrong(expression, position + 1, _EXPECTED)
        sign, version, separator = found[1] or "", found[2], found[3]
        test = _test(order, sign, version)
        if test is None:
            raise wrong(expression, found.start(2) + 1, _EXPECTED)
        alternatives[-1].append(test)
        texts[-1].append(sign + version)
        position = found.end()
        if separator and separator[0] == "|":
            alternatives.append([])
            texts.append([])
    if not all(alternatives):
        raise wrong(expression, len(expression), _EXPECTED)
    refuse_many(sum(map(len, alternatives)))
    return tuple(map(tuple, alternatives)), " || ".join(", ".join(text) for text in texts)


def _test(order: VersionOrder, sign: str, version: str) -> Test | None:
    """The test of one specifier; None where it cannot be read."""
    if version == "*" and sign in {"", "=="}:
        return lambda _: True
    if sign == "===":
        return lambda candidate: candidate.text.strip().lower() == version.lower()
    if found := _WILDCARD.fullmatch(version):
        return _wildcard(sign, int(found[1] or 0), found[2]) if sign in {"", "=", "==", "!="} else None
    if not order.is_valid(version):
        return None
    if sign == "~=":
        return _compatible(order, version)
    return _comparison(order, sign or "==", version)


def _wildcard(sign: str, epoch: int, release: str) -> Test:
    prefix = tuple(map(int, release.split(".")))
    wanted = sign != "!="

    def test(candidate: Candidate) -> bool:
        key = candidate.key
        same = key[_EPOCH] == epoch and padded(key[_RELEASE_FIELD], len(prefix)) == prefix
        return same is wanted

    return test


def _compatible(order: VersionOrder, version: str) -> Test | None:
    """``~=2.2.1``: at least that, and the same but for the last number of the release."""
    found = _RELEASE.match(version)
    release = found[1].split(".") if found else []
    if len(release) < 2:  # noqa: PLR2004  # PEP 440 asks for two numbers
        return None
    at_least = _comparison(order, ">=", version)
    within = _wildcard("==", order.key(version)[_EPOCH], ".".join(release[:-1]))
    return lambda candidate: at_least(candidate) and within(candidate)


def _comparison(order: VersionOrder, sign: str, version: str) -> Test:
    key = order.key(version)
    keeps_local = bool(key[_LOCAL])
    compare = COMPARISONS[sign]
    excluded = _exclusion(sign, key) if not keeps_local else None

    def test(candidate: Candidate) -> bool:
        own = candidate.key if keeps_local else _without_local(candidate.key)
        return compare(own, key) and not (excluded is not None and excluded(own))

    return test


def _without_local(key: Key) -> Key:
    return (*key[:_LOCAL], ())


def _exclusion(sign: str, key: Key) -> _KeyTest | None:
    """What ``<`` and ``>`` leave out: pre-releases and post-releases of the named version itself."""
    if sign == "<" and key[_PRE] == _NO_PRE and key[_POST] == _NO_POST:
        return lambda own: own[:_PRE] == key[:_PRE] and own[_PRE] != _NO_PRE
    if sign == ">" and key[_POST] == _NO_POST:
        return lambda own: own[:_POST] == key[:_POST] and own[_POST] != _NO_POST
    return None
