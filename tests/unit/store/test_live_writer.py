"""A process that watches stores a few resources at a time; what others found stays."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, select

from propolis.core.finding import Evidence, Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from propolis.store.database import Database, open_database
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.live_writer import LiveWriter
from propolis.store.queries import clusters, latest_run
from propolis.store.schema import runs


class Place(Evidence, frozen=True):
    """Where it is."""

    path: str


NOW = datetime(2026, 1, 2, tzinfo=UTC)
LABELS = Rule("policy", "labels", "team")
AUDIT = Rule("config-audit", "checks", "root")
WEB = ResourceRef("v1", "Pod", "web", "shop", "live")
CART = ResourceRef("v1", "Pod", "cart", "shop", "live")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "store.db")


def failing(ref: ResourceRef, rule: Rule = LABELS, outcome: Outcome = Outcome.FAIL) -> Finding:
    return Finding(rule, ref, outcome, "no")


def stored(database: Database) -> set[str]:
    with database.reading() as connection:
        _, rows = list_findings(connection, FindingFilter(cluster="live"))
        return {f"{row.resource.name}:{row.rule}:{row.outcome}" for row in rows}


def test_a_batch_says_all_about_its_resources_and_nothing_about_others(database: Database) -> None:
    writer = LiveWriter(database, "live", {"policy"})
    assert writer.write({WEB: [failing(WEB)], CART: [failing(CART)]}, NOW)["new"] == 2
    assert writer.write({WEB: [failing(WEB, outcome=Outcome.PASS)]}, NOW)["fixed"] == 1
    assert stored(database) == {"web:team:pass", "cart:team:fail"}
    assert writer.write({CART: []}, NOW)["fixed"] == 1
    assert stored(database) == {"web:team:pass"}


def test_what_other_engines_found_stays(database: Database) -> None:
    LiveWriter(database, "live", {"config-audit"}).write({WEB: [failing(WEB, AUDIT)]}, NOW)
    LiveWriter(database, "live", {"policy"}).write({WEB: []}, NOW)
    assert stored(database) == {"web:root:fail"}


def test_a_finding_may_come_and_go_in_one_process(database: Database) -> None:
    writer = LiveWriter(database, "live", {"policy"})
    for _ in range(3):
        assert writer.write({WEB: [failing(WEB)]}, NOW)["new"] == 1
        assert writer.write({WEB: []}, NOW)["fixed"] == 1
    assert stored(database) == set()


def test_resources_that_nobody_named_are_gone_once_all_were(database: Database) -> None:
    LiveWriter(database, "live", {"policy"}).write({WEB: [failing(WEB)], CART: [failing(CART)]}, NOW)
    writer = LiveWriter(database, "live", {"policy"})
    writer.write({WEB: [failing(WEB)]}, NOW)
    assert writer.keep([WEB], NOW) == 1
    assert stored(database) == {"web:team:fail"}


def test_all_batches_are_one_run_that_is_told_once_it_was_counted(database: Database) -> None:
    writer = LiveWriter(database, "live", {"policy"})
    for _ in range(3):
        writer.write({WEB: [failing(WEB)], CART: [failing(CART, outcome=Outcome.PASS)]}, NOW)
    with database.reading() as connection:
        assert connection.execute(select(runs.c.state)).scalars().all() == ["live"]
        assert clusters(connection) == []
    writer.summarise(NOW)
    with database.reading() as connection:
        run = latest_run(connection, "live")
        assert clusters(connection) == ["live"]
    assert run is not None
    assert run.summary["outcomes"] == {"fail": 1, "pass": 1}
    assert run.summary["severities"] == {"medium": 1}
    assert run.summary["changes"]["new"] == 1
    assert run.summary["resources"] == 2


def test_a_batch_that_fails_leaves_nothing_and_can_be_written_again(database: Database) -> None:
    writer = LiveWriter(database, "live", {"policy"})

    class Broken(list[Finding]):
        def __iter__(self) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        writer.write({WEB: [failing(WEB)], CART: Broken()}, NOW)
    assert stored(database) == set()
    assert writer.write({WEB: [failing(WEB)]}, NOW)["new"] == 1


def test_a_rule_that_speaks_twice_of_one_subject_said_the_last(database: Database) -> None:
    writer = LiveWriter(database, "live", {"policy"})
    twice = [failing(WEB), failing(WEB, outcome=Outcome.PASS)]
    assert writer.write({WEB: twice}, NOW)["new"] == 0
    assert writer.write({WEB: twice[::-1]}, NOW)["new"] == 1
    assert stored(database) == {"web:team:fail"}


def test_one_that_went_and_came_back_in_one_batch_is_one_resource(database: Database) -> None:
    again = msgspec.structs.replace(WEB, uid="2")
    writer = LiveWriter(database, "live", {"policy"})
    assert writer.write({WEB: [], again: [failing(again)]}, NOW) == {"new": 1, "fixed": 0, "unchanged": 0}
    assert writer.write({again: [], WEB: [failing(WEB)]}, NOW) == {"new": 0, "fixed": 0, "unchanged": 1}
    assert stored(database) == {"web:team:fail"}


def test_statements_that_resources_share_are_handed_over_once(database: Database) -> None:
    refs = [ResourceRef("v1", "Pod", f"web-{number}", "shop", "live") for number in range(300)]
    handed = list[int]()

    def count(_of: object, _cursor: object, _said: str, values: object, *_rest: object) -> None:
        handed.append(len(values) if isinstance(values, list) else 1)

    event.listen(database.engine, "before_cursor_execute", count)
    rules = [Rule("policy", "labels", str(number)) for number in range(20)]
    found = {ref: [failing(ref, rule) for rule in rules] for ref in refs}
    assert LiveWriter(database, "live", {"policy"}).write(found, NOW)["new"] == 6000
    assert sum(handed) < 3 * len(refs)


def test_findings_on_resources_of_another_engine_are_compared(database: Database) -> None:
    LiveWriter(database, "live", {"config-audit"}).write({WEB: [failing(WEB, AUDIT)]}, NOW)
    writer = LiveWriter(database, "live", {"policy"})
    assert writer.write({WEB: [failing(WEB)], CART: [failing(CART)]}, NOW)["new"] == 2
    assert writer.write({WEB: [failing(WEB)], CART: []}, NOW) == {"new": 0, "fixed": 1, "unchanged": 1}
    assert stored(database) == {"web:root:fail", "web:team:fail"}


def test_resources_of_which_anything_else_is_said_keep_their_own(database: Database) -> None:
    shared = failing(WEB)
    others: list[dict[str, Any]] = [
        {"evidence": Place("b")},
        {"message": "never"},
        {"remedy": "set-team"},
        {"outcome": Outcome.WARN},
        {"subject": "app"},
    ]
    refs = [msgspec.structs.replace(WEB, name=str(number)) for number in range(len(others))]
    found = {ref: [msgspec.structs.replace(shared, **other)] for ref, other in zip(refs, others, strict=True)}
    LiveWriter(database, "live", {"policy"}).write({WEB: [shared], **found}, NOW)
    with database.reading() as connection:
        _, rows = list_findings(connection, FindingFilter(cluster="live"))
    said = {(row.evidence is None, row.message, row.remedy, row.outcome, row.subject) for row in rows}
    assert len(said) == len(rows) == 1 + len(others)
