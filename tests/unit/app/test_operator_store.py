"""The store follows a scan, and catches up when it was down."""

import asyncio
import contextlib
from pathlib import Path

from propolis.app.operator_store import StoreSink
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from propolis.reports.console.application import build_application
from propolis.store.database import open_database
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.queries import latest_run
from tests.harness.asgi import ask

LABELS = Rule("policy", "labels", "team")
WEB = ResourceRef("v1", "Pod", "web", "shop", uid="1")
CART = ResourceRef("v1", "Pod", "cart", "shop", uid="2")


def failing(ref: ResourceRef) -> list[Finding]:
    return [Finding(LABELS, ref, Outcome.FAIL, "no")]


def stored(path: Path) -> set[str]:
    with open_database(path).reading() as connection:
        return {row.resource.name for row in list_findings(connection, FindingFilter(cluster="live"))[1]}


def test_what_is_put_is_stored_and_what_is_dropped_is_not(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sink = StoreSink(path, "live", lambda _text: None)
    sink.put(WEB, failing(WEB))
    sink.put(CART, failing(CART))
    assert asyncio.run(sink.write())
    sink.drop(CART)
    assert asyncio.run(sink.write())
    assert stored(path) == {"web"}
    assert (sink.backlog, sink.written) == (0, 3)


def test_what_went_while_nobody_looked_is_gone_once_all_is_put(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = StoreSink(path, "live", lambda _text: None)
    before.put(WEB, failing(WEB))
    before.put(CART, failing(CART))
    asyncio.run(before.write())
    sink = StoreSink(path, "live", lambda _text: None)
    sink.put(WEB, failing(WEB))
    asyncio.run(sink.write())
    assert stored(path) == {"web", "cart"}
    sink.settled()
    asyncio.run(sink.write())
    assert stored(path) == {"web"}


def test_a_store_that_is_down_gets_the_last_word_once_it_is_back(tmp_path: Path) -> None:
    folder, told = tmp_path / "folder", list[str]()
    folder.write_text("no folder")
    sink = StoreSink(folder / "store.db", "live", told.append)
    sink.put(WEB, failing(WEB))
    assert not asyncio.run(sink.write())
    assert not asyncio.run(sink.write())
    sink.put(WEB, ())
    sink.put(CART, failing(CART))
    folder.unlink()
    assert asyncio.run(sink.write())
    assert stored(folder / "store.db") == {"cart"}
    assert len(told) == 2
    assert told[0].startswith("findings wait to be stored: ")
    assert told[1] == "findings are stored again"


def test_pauses_grow_while_the_store_is_down(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("no folder")
    sink = StoreSink(tmp_path / "folder" / "store.db", "live", lambda _text: None)
    sink.put(WEB, failing(WEB))
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 8:
            raise asyncio.CancelledError

    async def run() -> None:
        await sink.run(sleep)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(run())
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(pauses) == 30.0


def test_the_console_says_that_an_operator_watches(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sink = StoreSink(path, "live", lambda _text: None)
    sink.put(WEB, failing(WEB))
    assert asyncio.run(sink.write())
    page = ask(build_application(open_database(path)), "/").text
    assert "Watched by an operator" in page
    assert "Fix first" not in page
    assert "web" in ask(build_application(open_database(path)), "/findings").text


def test_the_counts_are_right_when_it_leaves(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sink = StoreSink(path, "live", lambda _text: None)
    for ref in (WEB, CART):
        sink.put(ref, failing(ref))
        assert asyncio.run(sink.write())
    assert counted(path) == 1
    assert asyncio.run(sink.leave())
    assert counted(path) == 2


def counted(path: Path) -> int:
    with open_database(path).reading() as connection:
        run = latest_run(connection, "live")
    return 0 if run is None else run.summary["resources"]
