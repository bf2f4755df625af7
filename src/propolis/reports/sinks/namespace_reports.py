"""Few reports in each namespace: less for the API server to keep, no owner, and rewritten more often.

A report is rewritten when anything about any of its resources changes.
"""

import zlib
from collections.abc import Sequence

import msgspec

from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef
from propolis.reports.render.report_result import ReportResult
from propolis.reports.sinks.layouts import MOST_CHUNKS, SHRINK, ReportChoice, chunk_key, chunk_of
from propolis.reports.sinks.report import Key, Report, Waiting

_LEVEL = 1
"""Of compression: fast."""


class _Chunk(msgspec.Struct):
    """Resources of one report: their results, encoded and compressed, and the size of those before."""

    packed: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    total: int = 0

    def put(self, identity: str, packed: bytes, size: int) -> None:
        self.drop(identity)
        self.packed[identity], self.sizes[identity] = packed, size
        self.total += size

    def drop(self, identity: str) -> bool:
        self.packed.pop(identity, None)
        size = self.sizes.pop(identity, None)
        self.total -= size or 0
        return size is not None


class _Namespace:
    """The chunks of one namespace."""

    def __init__(self) -> None:
        self.chunks = [_Chunk()]

    @property
    def total(self) -> int:
        return sum(chunk.total for chunk in self.chunks)

    def spread(self, count: int) -> None:
        """Over another number of chunks."""
        before, self.chunks = self.chunks, [_Chunk() for _ in range(count)]
        for chunk in before:
            for identity, packed in chunk.packed.items():
                number = chunk_of((identity,), count)
                self.chunks[number].put(identity, packed, chunk.sizes[identity])


class NamespaceReports:
    """Reports named ``propolis``. Keeps the results of every resource, compressed."""

    def __init__(self, choice: ReportChoice) -> None:
        self._choice = choice
        self._namespaces: dict[str, _Namespace] = {}

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> list[Key]:
        """These are all findings of a resource."""
        results = self._choice.results(findings, names_resource=True)
        if not results:
            return self.drop(resource)
        kept = self._namespaces.setdefault(resource.namespace, _Namespace())
        identity, encoded = resource.uid or resource.key, msgspec.json.encode(results)
        number, count = self._number(kept, identity), len(kept.chunks)
        chunk = kept.chunks[number]
        chunk.put(identity, zlib.compress(encoded, _LEVEL), len(encoded))
        while (
            len(chunk.sizes) > 1 and chunk.total > self._choice.most_bytes and len(kept.chunks) < MOST_CHUNKS
        ):
            kept.spread(2 * len(kept.chunks))
            chunk = max(kept.chunks, key=lambda one: one.total)
        return self._touched(resource.namespace, number, count, len(kept.chunks))

    def drop(self, resource: ResourceRef) -> list[Key]:
        """A resource is gone."""
        kept = self._namespaces.get(resource.namespace)
        identity = resource.uid or resource.key
        if kept is None or not kept.chunks[self._number(kept, identity)].drop(identity):
            return []
        number, count = self._number(kept, identity), len(kept.chunks)
        if count > 1 and SHRINK * kept.total <= count * self._choice.most_bytes:
            kept.spread(count // 2)
        if not kept.total:
            del self._namespaces[resource.namespace]
        return self._touched(resource.namespace, number, count, len(kept.chunks))

    def take(self, key: Key) -> Waiting | None:
        """What a report is to say now; None for a report that must not be."""
        namespace, name = key
        kept = self._namespaces.get(namespace)
        chunks = kept.chunks if kept is not None else []
        names = [chunk_key(self._first(namespace), number) for number in range(len(chunks))]
        packed = chunks[names.index(key)].packed.values() if key in names else ()
        results = [
            result
            for one in packed
            for result in msgspec.json.decode(zlib.decompress(one), type=list[ReportResult])
        ]
        results.sort(key=lambda one: one.sort_key)
        if not results:
            return None
        return Report(namespace, name, self._choice.labels, {}, {}, tuple(results)).waiting()

    def give_back(self, key: Key, waiting: Waiting) -> None:
        """Nothing was given away."""

    def _touched(self, namespace: str, number: int, before: int, now: int) -> list[Key]:
        """The report of a resource; all of the namespace where their number changed."""
        numbers = (number,) if before == now else range(max(before, now))
        return [chunk_key(self._first(namespace), one) for one in numbers]

    def _number(self, kept: _Namespace, identity: str) -> int:
        return chunk_of((identity,), len(kept.chunks))

    def _first(self, namespace: str) -> Key:
        return namespace, f"{self._choice.prefix}propolis"
