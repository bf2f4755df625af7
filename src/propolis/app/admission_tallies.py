"""Counts and times by labels, kept within limits: labels come from strangers.

They are plain objects, given to the client library when they are asked for: a labelled counter of the library
takes longer than a decision.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

MOST_SERIES = 20_000
"""Sets of label values of one metric; others count as one."""
OTHER = "other"
BUCKETS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    15.0,
    20.0,
    25.0,
    30.0,
)
"""Kyverno's bounds (pkg/config/metricsconfig.go @ v1.19.1), and finer ones below."""
_BOUNDS = (*(f"{bound:g}" for bound in BUCKETS), "+Inf")

Labels = tuple[str, ...]


class Cell:
    """How often, how long in all, and how often within each bound."""

    __slots__ = ("buckets", "count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.buckets = [0] * len(_BOUNDS)

    def add(self, seconds: float) -> None:
        """Counts one."""
        self.count += 1
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS, seconds)] += 1

    def merge(self, other: "Cell") -> None:
        """Counts what another has counted."""
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = [own + more for own, more in zip(self.buckets, other.buckets, strict=True)]


class Tally:
    """Cells by the values of some labels."""

    def __init__(self, labels: Iterable[str], most: int = MOST_SERIES) -> None:
        self.labels = tuple(labels)
        self._most = most
        self.cells: dict[Labels, Cell] = {}

    def cell(self, values: Labels) -> Cell:
        """The cell of some values; that of all others once there are too many."""
        found = self.cells.get(values)
        if found is None:
            values = values if len(self.cells) < self._most else (OTHER,) * len(values)
            found = self.cells.setdefault(values, Cell())
        return found

    def counter(self, name: str, told: str) -> Metric:
        """As a metric that counts."""
        family = CounterMetricFamily(name, told, labels=self.labels)
        for values, cell in self.cells.items():
            family.add_metric(values, cell.count)
        return family

    def histogram(self, name: str, told: str) -> Metric:
        """As a metric of times."""
        family = HistogramMetricFamily(name, told, labels=self.labels)
        for values, cell in self.cells.items():
            counts = accumulate(map(float, cell.buckets))
            family.add_metric(values, list(zip(_BOUNDS, counts, strict=True)), cell.seconds)
        return family

    def without(self, *dropped: str) -> "Tally":
        """The same with fewer labels."""
        kept = [number for number, label in enumerate(self.labels) if label not in dropped]
        found = Tally([self.labels[number] for number in kept], self._most)
        for values, cell in self.cells.items():
            found.cell(tuple(values[number] for number in kept)).merge(cell)
        return found
