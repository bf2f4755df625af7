"""A store that is written batch by batch holds the last word on every resource, however the batches fall."""

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from propolis.core.finding import OPEN_OUTCOMES, Evidence, Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from propolis.store.database import Database, open_database
from propolis.store.live_writer import LiveWriter
from propolis.store.schema import findings

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RULES = [Rule("policy", "labels", name) for name in ("team", "owner", "tier")]
OTHER = Rule("config-audit", "checks", "root")
REFS = [
    ResourceRef("v1", "Pod", name, namespace, "live", uid)
    for name in ("web", "cart")
    for namespace in ("", "shop")
    for uid in ("1", "2")
]
FOREIGN = [msgspec.structs.replace(ref, cluster="other") for ref in REFS]


class Lines(Evidence, frozen=True):
    """Evidence that has no hash."""

    lines: dict[str, int]


Said = tuple[Rule, Outcome, str, Lines | None, str]
Batch = dict[ResourceRef, list[Said]]
State = dict[bytes, tuple[str, str, str | None]]
"""By fingerprint: outcome, message, evidence."""

evidence = st.none() | st.builds(Lines, st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=1))
said = st.tuples(
    st.sampled_from(RULES),
    st.sampled_from(Outcome),
    st.sampled_from(["", "no"]),
    evidence,
    st.sampled_from("xy"),
)
batches = st.lists(
    st.dictionaries(st.sampled_from(REFS), st.lists(said, max_size=4), min_size=1, max_size=5),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "store.db"
    open_database(path).close()
    return path


@settings(max_examples=60, deadline=None)
@given(batches, st.sampled_from([1, 9]))
def test_the_last_word_on_every_resource_is_stored(empty: Path, given_ones: list[Batch], lasts: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(shutil.copy(empty, folder)))
        LiveWriter(database, "live", {OTHER.source}).write(beside(REFS), NOW)
        LiveWriter(database, "other", {"policy"}).write(beside(FOREIGN), NOW)
        others, state = stored(database), State()
        writer = LiveWriter(database, "live", {"policy"})
        for number, batch in enumerate(given_ones, 1):
            before, known = state, revised(database)
            state = after(before, batch)
            assert writer.write(found(batch), NOW) == counts(before, state, {ref.key for ref in batch})
            assert stored(database) == others | state
            assert changed(known, revised(database)) == {
                key for key in before.keys() | state.keys() if before.get(key) != state.get(key)
            }
            if number % lasts == 0:  # a process lasts so many batches
                writer = LiveWriter(database, "live", {"policy"})


def beside(refs: list[ResourceRef]) -> dict[ResourceRef, list[Finding]]:
    return {ref: [Finding(OTHER, ref, Outcome.FAIL, "no")] for ref in refs}


def found(batch: Batch) -> dict[ResourceRef, list[Finding]]:
    return {
        ref: [
            Finding(rule, ref, outcome, text, None, why, subject)
            for rule, outcome, text, why, subject in of_one
        ]
        for ref, of_one in batch.items()
    }


def after(before: State, batch: Batch) -> State:
    """What is stored then: of what a rule says twice, the last."""
    gone = {one.fingerprint for ref in batch for rule in RULES for one in both(rule, ref)}
    state = {key: value for key, value in before.items() if key.hex() not in gone}
    for of_one in found(batch).values():
        for one in of_one:
            why = None if one.evidence is None else msgspec.json.encode(one.evidence).decode()
            state[bytes.fromhex(one.fingerprint)] = one.outcome.value, one.message, why
    return state


def both(rule: Rule, ref: ResourceRef) -> list[Finding]:
    return [Finding(rule, ref, Outcome.PASS, subject=subject) for subject in "xy"]


def counts(before: State, state: State, keys: set[str]) -> dict[str, int]:
    """Of the resources of the batch alone."""
    asked = [
        bytes.fromhex(one.fingerprint)
        for ref in {ref.key: ref for ref in REFS if ref.key in keys}.values()
        for rule in RULES
        for one in both(rule, ref)
    ]
    pairs = [(is_open(before, key), is_open(state, key)) for key in asked]
    return {
        "new": pairs.count((False, True)),
        "fixed": pairs.count((True, False)),
        "unchanged": pairs.count((True, True)),
    }


def is_open(state: State, key: bytes) -> bool:
    return key in state and state[key][0] in OPEN_OUTCOMES


def stored(database: Database) -> State:
    columns = findings.c.fingerprint, findings.c.outcome, findings.c.message, findings.c.evidence
    with database.reading() as connection:
        rows = connection.execute(select(*columns).where(findings.c.deleted_revision.is_(None)))
        return {key: (outcome, message, why) for key, outcome, message, why in rows}


def revised(database: Database) -> dict[bytes, int]:
    with database.reading() as connection:
        rows = connection.execute(select(findings.c.fingerprint, findings.c.revision))
        return {key: number for key, number in rows}  # noqa: C416  # typed rows


def changed(before: Mapping[bytes, int], now: Mapping[bytes, int]) -> set[bytes]:
    return {key for key, revision in now.items() if before.get(key) != revision}
