"""Which reports there are: one a resource, as Kyverno has them. `namespace_reports.py` has few a namespace.

What does not fit one report is spread over several by a hash of each result (or resource), so that a change
rewrites one of them; their number only ever doubles or halves, and halves late.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from propolis.core.finding import Finding, Outcome
from propolis.core.resource import ResourceRef, object_reference
from propolis.reports.render.report_result import ReportResult, is_reported, result_of
from propolis.reports.sinks.report import MANAGED_BY, OWN_LABEL, Key, Report, Waiting

MOST_BYTES = 1_000_000
"""Of the results of one report; API servers take 3 MB and etcd 1.5 MB a request."""
MOST_CHUNKS = 1024
SHRINK = 4
"""There are fewer chunks once a quarter of the room would do."""


class ReportChoice(msgspec.Struct, frozen=True):
    """How reports are to be.

    Attributes:
        managed_by: The label by which dashboards find them.
        prefix: Of their names, where another program writes reports too.
        outcomes: What is reported; fewer make reports short.
        most_bytes: Of the results of one report.
    """

    managed_by: str = "kyverno"
    prefix: str = ""
    outcomes: frozenset[Outcome] = frozenset(Outcome)
    most_bytes: int = MOST_BYTES

    @property
    def labels(self) -> dict[str, str]:
        """Of every report."""
        return {MANAGED_BY: self.managed_by, OWN_LABEL: "true"}

    def results(self, findings: Iterable[Finding], *, names_resource: bool) -> list[ReportResult]:
        """What is reported of findings."""
        chosen = [one for one in findings if one.outcome in self.outcomes and is_reported(one)]
        return [result_of(one, names_resource=names_resource) for one in chosen]


class Layout(Protocol):
    """Assigns findings to reports. Methods return the reports that may be others now."""

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> list[Key]:
        """These are all findings of a resource."""
        ...

    def drop(self, resource: ResourceRef) -> list[Key]:
        """A resource is gone."""
        ...

    def take(self, key: Key) -> Waiting | None:
        """What a report is to say now; None for a report that must not be."""
        ...

    def give_back(self, key: Key, waiting: Waiting) -> None:
        """A report that was taken could not be written, and nothing else was said of it since."""
        ...


class ResourceReports:
    """One report a resource, named by its uid. Keeps only what was not taken yet, compressed."""

    def __init__(self, choice: ReportChoice) -> None:
        self._choice = choice
        self._pending: dict[Key, Waiting] = {}
        self._counts: dict[Key, int] = {}

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> list[Key]:
        """These are all findings of a resource."""
        results = self._choice.results(findings, names_resource=False)
        results.sort(key=lambda one: one.sort_key)
        first = (resource.namespace, self._choice.prefix + _name_of(resource))
        before = self._counts.pop(first, 1)
        sized = [(one.sort_key, len(msgspec.json.encode(one)), one) for one in results]
        count = chunk_count([(key, size) for key, size, _ in sized], before, self._choice.most_bytes)
        if count > 1:
            self._counts[first] = count
        chunks: list[list[ReportResult]] = [[] for _ in range(max(count, before))]
        for key, _, result in sized:
            chunks[chunk_of(key, count)].append(result)
        return [self._keep(resource, chunk_key(first, number), chunk) for number, chunk in enumerate(chunks)]

    def drop(self, resource: ResourceRef) -> list[Key]:
        """A resource is gone."""
        return self.put(resource, ())

    def take(self, key: Key) -> Waiting | None:
        """What a report is to say now; None for a report that must not be."""
        return self._pending.pop(key, None)

    def give_back(self, key: Key, waiting: Waiting) -> None:
        """A report that was taken could not be written."""
        self._pending[key] = waiting

    def _keep(self, resource: ResourceRef, key: Key, results: list[ReportResult]) -> Key:
        self._pending.pop(key, None)
        if results:
            scope = object_reference(resource)
            owner = {name: text for name, text in scope.items() if name != "namespace"}
            report = Report(*key, self._choice.labels, scope, owner if resource.uid else {}, tuple(results))
            self._pending[key] = report.waiting()
        return key


def chunk_count(sized: Sequence[tuple[tuple[str, ...], int]], before: int, most_bytes: int) -> int:
    """How many chunks there are to be: a power of two, as few as fit, with some reluctance to have fewer.

    Args:
        sized: What is spread, with its size in bytes.
        before: How many there were.
        most_bytes: Of a chunk; one thing larger than that has a chunk that is too large.
    """
    total = sum(size for _, size in sized)
    count = 1 if SHRINK * total <= before * most_bytes else before
    while count < MOST_CHUNKS and total > most_bytes * count:
        count *= 2
    while count < MOST_CHUNKS and len(sized) > 1 and not _fits(sized, count, most_bytes):
        count *= 2
    return count


def _fits(sized: Iterable[tuple[tuple[str, ...], int]], count: int, most_bytes: int) -> bool:
    if count == 1:
        return sum(size for _, size in sized) <= most_bytes
    sizes, things = [0] * count, [0] * count
    for key, size in sized:
        number = chunk_of(key, count)
        sizes[number] += size
        things[number] += 1
    return all(size <= most_bytes or one == 1 for size, one in zip(sizes, things, strict=True))


def chunk_of(key: tuple[str, ...], count: int) -> int:
    """The chunk of what has this key."""
    if count == 1:
        return 0
    return int.from_bytes(hashlib.blake2b("\0".join(key).encode(), digest_size=4).digest()) % count


def chunk_key(first: Key, number: int) -> Key:
    """The report that is a chunk; the first has no number."""
    namespace, name = first
    return (namespace, name) if number == 0 else (namespace, f"{name}-{number + 1}")


def _name_of(resource: ResourceRef) -> str:
    """The uid; a digest of the identity for what has none."""
    return resource.uid or hashlib.blake2b(resource.key.encode(), digest_size=16).hexdigest()
