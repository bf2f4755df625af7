import pytest

from propolis.core.errors import LimitError
from propolis.lang.versions.order import MAX_VERSION_CHARACTERS
from propolis.lang.versions.registry import ORDERS

LONGEST = {
    "digits": "9" * MAX_VERSION_CHARACTERS,
    "parts": "1." * (MAX_VERSION_CHARACTERS // 2),
    "hyphens": "1-" * (MAX_VERSION_CHARACTERS // 2),
    "letters": "1" + "a" * (MAX_VERSION_CHARACTERS - 1),
    "mixed": "1a" * (MAX_VERSION_CHARACTERS // 2),
}


@pytest.mark.parametrize("ecosystem", ORDERS)
def test_a_version_of_a_megabyte_is_refused(ecosystem: str) -> None:
    order = ORDERS[ecosystem]
    with pytest.raises(LimitError, match="at most 1000 characters"):
        order.key("1" * 1_000_000)
    assert not order.is_valid("1" * 1_000_000)


def test_the_longest_versions_have_keys_and_a_validity() -> None:
    versions = list(LONGEST.values())
    for order in ORDERS.values():
        rising = sorted(map(order.key, versions))
        assert rising == sorted(map(order.key, reversed(versions)))
        assert {order.is_valid(version) for version in versions} <= {True, False}


def test_an_order_tells_its_name() -> None:
    assert repr(ORDERS["Debian"]) == "VersionOrder(debian)"
