"""What a process that watches a cluster stores: 10,000 pods, 16 Pod Security policies.

Named reference: the same rows put into the same tables by ``executemany`` of the driver alone, already
numbered, with nothing compared and nothing noted as new.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from propolis.core.finding import Finding
from propolis.core.resource import Origin, Resource, ResourceRef, reference_of
from propolis.policy.engine import PolicySubject, compile_policies, evaluate
from propolis.store.database import open_database
from propolis.store.live_writer import LiveWriter
from propolis.store.schema import findings
from tests.bench._policies import resource
from tests.bench.policy_decisions import standards

PODS = 10_000
BATCH = 5_000
NAMESPACES = 40
NOW = datetime(2026, 11, 21, tzinfo=UTC)
COLUMNS = ", ".join(column.name for column in findings.c if column.name not in {"id", "deleted_revision"})

Batch = dict[ResourceRef, Sequence[Finding]]


def run() -> Iterator[str]:
    """The lines of this bench."""
    batches = list(_batches())
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "store.db"), Path(folder, "plain.db")
        database = open_database(path)
        first = _busy(lambda: _write(LiveWriter(database, "bench", {"policy"}), batches))
        again = _busy(lambda: _write(LiveWriter(database, "bench", {"policy"}), batches))
        open_database(other)
        rows = _rows(path)
        plain = _busy(lambda: _insert(other, rows))
        yield (
            f"{PODS:,} pods, {len(rows):,} findings into an empty store: {first:.2f} s of processor, "
            f"{first / plain:.2f}x executemany of the same rows ({plain:.2f} s)"
        )
        yield f"the same again, nothing changed: {again:.2f} s, {again / plain:.2f}x of that"


def _batches() -> Iterator[Batch]:
    said = [_said(number) for number in range(3)]
    for start in range(0, PODS, BATCH):
        numbers = range(start, start + BATCH)
        yield dict(_pod(number, said[number % len(said)]) for number in numbers)


def _said(number: int) -> Sequence[Finding]:
    document = resource(number, "Pod")
    subject = PolicySubject(Resource(reference_of(document), document, Origin("bench")))
    return evaluate(compile_policies(standards()), subject, {}, NOW).findings


def _pod(number: int, said: Sequence[Finding]) -> tuple[ResourceRef, Sequence[Finding]]:
    ref = ResourceRef("v1", "Pod", f"web-{number}", f"shop-{number % NAMESPACES}", "bench", str(number))
    parts = ((one.rule, ref, one.outcome, one.message, NOW, one.evidence, one.subject) for one in said)
    return ref, [Finding(*of_one) for of_one in parts]


def _write(writer: LiveWriter, batches: Sequence[Batch]) -> None:
    for batch in batches:
        writer.write(batch, NOW)


def _rows(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT {COLUMNS} FROM findings ORDER BY id").fetchall()  # noqa: S608
    finally:
        connection.close()


def _insert(path: Path, rows: Sequence[tuple[object, ...]]) -> None:
    connection = sqlite3.connect(path)
    places = ", ".join("?" * len(COLUMNS.split(",")))
    try:
        with connection:
            connection.executemany(f"INSERT INTO findings ({COLUMNS}) VALUES ({places})", rows)  # noqa: S608
    finally:
        connection.close()


def _busy(job: Callable[[], object]) -> float:
    """Seconds of the processor, for others may share it."""
    begin = time.process_time()
    job()
    return time.process_time() - begin
