import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.images.engine.names import Groups, preferred


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["GHSA-1", "CVE-2021-10", "CVE-2021-9"], "CVE-2021-9"),
        (["PYSEC-1", "GHSA-2", "GHSA-1"], "GHSA-1"),
        (["x_other", "DSA-1"], "DSA-1"),
        (["SNYK-1", "EIP-1"], "EIP-1"),
    ],
)
def test_the_best_known_name_is_shown(names: list[str], expected: str) -> None:
    assert preferred(names) == expected


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=3), max_size=8))
def test_joined_names_share_a_root_and_no_others_do(joins: list[list[str]]) -> None:
    groups = Groups()
    for names in joins:
        groups.join(names)
    sets: list[set[str]] = []
    for names in joins:
        touching = [one for one in sets if one & set(names)]
        sets = [one for one in sets if one not in touching] + [set(names).union(*touching)]
    expected = {frozenset(one) for one in sets}
    assert {frozenset(members) for members in groups.members().values()} == expected
