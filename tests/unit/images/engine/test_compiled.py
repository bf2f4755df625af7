from propolis.images.engine.compiled import CompiledEntries
from propolis.images.model.packed import Entry


def hits(ecosystem: str, version: str, *entries: Entry) -> dict[int, str]:
    """The fix by the number of each advisory that holds a version."""
    return {hit.entry.advisory: hit.fixed for hit in CompiledEntries(ecosystem, entries).hits(version)}


def test_all_fixes_above_a_version_are_found() -> None:
    entries = [Entry(number, ("", f"f1.{number}")) for number in (3, 1, 2)]
    assert hits("npm", "1.1", *entries) == {2: "1.2", 3: "1.3"}
    assert hits("npm", "1.3", *entries) == {}


def test_ranges_of_other_shapes_are_asked_one_by_one() -> None:
    entries = [
        Entry(1, ("=1.0", "f1.5", "=2.0", "f2.5")),
        Entry(2, ("", "l2.1")),
        Entry(3, ("=2.0", "")),
        Entry(4, ("", "u2.0")),
        Entry(5, ("", "f1.0"), ("2.1",)),
        Entry(6, (), ("2.1",)),
    ]
    assert hits("npm", "2.1", *entries) == {1: "2.5", 2: "", 3: "", 5: "", 6: ""}


def test_a_listed_version_below_a_known_fix_is_mended_by_it() -> None:
    assert hits("npm", "2.1", Entry(1, ("=1.0", "f1.5", "=3.0", "f3.5"), ("2.1",))) == {1: "3.5"}


def test_an_ecosystem_without_an_order_is_compared_as_semantic_versions() -> None:
    assert hits("Atlantis", "1.0.0-rc.1", Entry(1, ("", "f1.0.0"))) == {1: "1.0.0"}
