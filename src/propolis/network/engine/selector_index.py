"""Finds, of many selectors, those that select a set of labels, without trying each."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from propolis.lang.label_selector import Labels, Selector

Entry = TypeVar("Entry")


class SelectorIndex(Generic[Entry]):
    """Entries under the rarest label pair that their selector demands; the others are always tried."""

    def __init__(self, entries: Iterable[tuple[Selector, Entry]]) -> None:
        ordered = [(position, selector, entry) for position, (selector, entry) in enumerate(entries)]
        popularity = Counter(pair for _, selector, _ in ordered for pair in selector.pairs)
        self._by_pair: dict[tuple[str, str], list[tuple[int, Selector, Entry]]] = defaultdict(list)
        self._others: list[tuple[int, Selector, Entry]] = []
        for item in ordered:
            pairs = item[1].pairs
            if pairs:
                self._by_pair[min(pairs, key=lambda pair: popularity[pair])].append(item)
            else:
                self._others.append(item)

    def matching(self, labels: Labels) -> list[Entry]:
        """Entries whose selector selects the labels, in the order in which they were given."""
        found = [item for item in self._others if item[1].matches(labels)]
        for pair in labels.items():
            found += [item for item in self._by_pair.get(pair, ()) if item[1].matches(labels)]
        found.sort(key=lambda item: item[0])
        return [entry for _, _, entry in found]
