"""Laws of version orders: every order is total, and three of them equal a slow pairwise comparison."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from propolis.lang.versions import debian, pypi, rpm, rubygems
from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.ranges import EndKind, Interval, RangeSet
from propolis.lang.versions.registry import ORDERS

PIECES = (
    *"0123456789", *".-_+~^:!#abprvxR=", "00", "10", "alpha", "beta", "rc", "RC", "dev", "post", "pre",
    "snapshot", "final", "ga", "sp", "-r1", "_p1", "stable", "el9", "deb12u1", "\u03b1", " ", "\x00",
    "\ud800",
)  # fmt: skip
VERSIONS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}([-.]?[a-z]{1,4}[0-9]?)?(-[0-9])?", fullmatch=True),
    st.text(max_size=12),
)
DISTINCT_ORDERS = sorted(
    {order.name: order for order in ORDERS.values()}.values(), key=lambda order: order.name
)


@pytest.mark.parametrize("order", DISTINCT_ORDERS, ids=repr)
@given(versions=st.lists(VERSIONS, min_size=3, max_size=5))
def test_an_order_is_total(order: VersionOrder, versions: list[str]) -> None:
    for left, right in itertools.product(versions, repeat=2):
        assert order.compare(left, right) == -order.compare(right, left)
        if order.compare(left, right) == 0:
            assert hash(order.key(left)) == hash(order.key(right))
    for first, second, third in itertools.permutations(versions, 3):
        if order.compare(first, second) <= 0 and order.compare(second, third) <= 0:
            assert order.compare(first, third) <= 0


@pytest.mark.parametrize("order", DISTINCT_ORDERS, ids=repr)
@given(version=VERSIONS, bounds=st.lists(st.tuples(VERSIONS, VERSIONS, st.sampled_from(EndKind)), max_size=4))
def test_a_binary_search_finds_what_asking_every_interval_finds(
    order: VersionOrder, version: str, bounds: list[tuple[str, str, EndKind]]
) -> None:
    intervals = [Interval(start, end, kind) for start, end, kind in bounds]
    assert (version in RangeSet(order, intervals, ())) is any(
        holds(order, version, interval) for interval in intervals
    )


def holds(order: VersionOrder, version: str, interval: Interval) -> bool:
    if interval.start and order.compare(version, interval.start) < 0:
        return False
    if interval.end_kind is EndKind.OPEN:
        return True
    place = order.compare(version, interval.end)
    return place < 0 or (place == 0 and interval.end_kind is EndKind.LAST_AFFECTED)


PEP440 = st.from_regex(
    r"(1!)?[0-2](\.[0-2]){0,2}((a|b|rc)[0-2])?(\.post[0-2])?(\.dev[0-2])?(\+([ab]|[0-2])(\.[ab0-2])?)?",
    fullmatch=True,
)


@given(left=PEP440, right=PEP440)
def test_python_versions_sort_as_the_packaging_library_sorts_them(left: str, right: str) -> None:
    expected = (Version(left) > Version(right)) - (Version(left) < Version(right))
    assert pypi.ORDER.compare(left, right) == expected


@given(left=st.text("019az.-", max_size=6), right=st.text("019az.-", max_size=6))
def test_gem_versions_compare_as_padded_segments(left: str, right: str) -> None:
    assert rubygems.ORDER.compare(left, right) == gem_reference(left, right)


def gem_reference(left: str, right: str) -> int:
    """Pairwise: the shorter one goes on with zeros, a word is below a number."""
    split = [re.findall(r"[0-9]+|[a-z]+", version.replace("-", ".pre.")) for version in (left, right)]
    segments = [canonical([int(part) if part.isdigit() else part for part in parts]) for parts in split]
    for one, other in itertools.zip_longest(*segments, fillvalue=0):
        if one == other:
            continue
        if isinstance(one, int) and isinstance(other, int):
            return 1 if one > other else -1
        if isinstance(one, str) and isinstance(other, str):
            return 1 if one > other else -1
        return -1 if isinstance(one, str) else 1
    return 0


def canonical(segments: list[int | str]) -> list[int | str]:
    first_word = next((at for at, part in enumerate(segments) if isinstance(part, str)), len(segments))
    head, tail = segments[:first_word], segments[first_word:]
    for part in (head, tail):
        while part and part[-1] == 0:
            part.pop()
    return head + tail


@given(left=st.text("01az.~^+", max_size=7), right=st.text("01az.~^+", max_size=7))
def test_rpm_versions_compare_segment_by_segment(left: str, right: str) -> None:
    assert rpm.ORDER.compare(left, right) == rpm_reference(left, right)


def rpm_reference(left: str, right: str) -> int:  # rpmvercmp is one loop
    """The pairwise loop of rpm's manual."""
    while True:
        left, right = left.lstrip(".+"), right.lstrip(".+")
        for mark, alone in (("~", -1), ("^", None)):
            if left[:1] == mark or right[:1] == mark:
                if left[:1] == right[:1]:
                    left, right = left[1:], right[1:]
                    break
                has_left = left[:1] == mark
                if alone is None:
                    rest = right if has_left else left
                    sign = -1 if rest else 1
                else:
                    sign = alone
                return sign if has_left else -sign
        else:
            if not left or not right:
                return bool(left) - bool(right)
            kind = r"[0-9]+" if left[0].isdigit() else r"[a-z]+"
            one, other = re.match(kind, left), re.match(kind, right)
            assert one is not None
            if other is None:
                return 1 if left[0].isdigit() else -1
            place = (
                (int(one[0]) > int(other[0])) - (int(one[0]) < int(other[0]))
                if left[0].isdigit()
                else (one[0] > other[0]) - (one[0] < other[0])
            )
            if place:
                return place
            left, right = left[one.end() :], right[other.end() :]


@given(left=st.text("01az.~+", max_size=7), right=st.text("01az.~+", max_size=7))
def test_debian_versions_compare_text_and_number_by_turns(left: str, right: str) -> None:
    assert debian.ORDER.compare(left, right) == debian_reference(left, right)


def debian_reference(left: str, right: str) -> int:
    """The pairwise loop of the Debian policy manual, 5.6.12."""
    while left or right:
        one, other = re.match(r"[^0-9]*", left), re.match(r"[^0-9]*", right)
        assert one is not None
        assert other is not None
        for first, second in itertools.zip_longest(one[0], other[0], fillvalue=""):
            if weight(first) != weight(second):
                return 1 if weight(first) > weight(second) else -1
        left, right = left[one.end() :], right[other.end() :]
        one, other = re.match(r"[0-9]*", left), re.match(r"[0-9]*", right)
        assert one is not None
        assert other is not None
        numbers = int(one[0] or 0), int(other[0] or 0)
        if numbers[0] != numbers[1]:
            return 1 if numbers[0] > numbers[1] else -1
        left, right = left[one.end() :], right[other.end() :]
    return 0


def weight(character: str) -> int:
    if character == "~":
        return -1
    if not character:
        return 0
    return ord(character) if character.isalpha() else ord(character) + 256
