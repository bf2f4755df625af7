"""What every analyzer is: it names the files that it wants and says what they hold.

An analyzer is pure: path and content in, `Analysis` out. It raises `DocumentError` for content that
is not what the path promised, and nothing else for any bytes; the layer tells it and goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from propolis.core.limits import MEBIBYTE
from propolis.images.model.layer import Analysis

Content = bytes | memoryview
"""What a file holds. Large files are a view of a temporary file: take slices, do not copy."""


def _any(path: str) -> bool:
    del path
    return True


@dataclass(frozen=True)
class Analyzer:
    """One format.

    Attributes:
        name: Stable word, a part of the cache key.
        version: Grows with every change of what it finds.
        analyze: What a file says, by its path and content. Raises `DocumentError`.
        names: Names of files (without folders) that may be wanted.
        suffixes: Ends of paths that may be wanted.
        folders: Folders in which any file may be wanted, with a slash at the end.
        wants: Whether it wants a file whose name, suffix or folder it named; paths have no leading slash.
        wants_executables: Whether it is shown every executable that no other analyzer wants.
        max_bytes: Larger files are told as a problem and not read.
    """

    name: str
    version: int
    analyze: Callable[[str, Content], Analysis]
    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    wants: Callable[[str], bool] = _any
    wants_executables: bool = False
    max_bytes: int = 64 * MEBIBYTE


class AnalyzerSet:
    """Analyzers, indexed so that most paths meet none."""

    def __init__(self, analyzers: Sequence[Analyzer]) -> None:
        self.analyzers = tuple(analyzers)
        self._by_name: dict[str, list[Analyzer]] = {}
        for analyzer in analyzers:
            for name in analyzer.names:
                self._by_name.setdefault(name, []).append(analyzer)
        self._by_suffix = [analyzer for analyzer in analyzers if analyzer.suffixes]
        self._suffixes = tuple(suffix for analyzer in analyzers for suffix in analyzer.suffixes)
        self._by_folder = [(folder, analyzer) for analyzer in analyzers for folder in analyzer.folders]
        self._folders = tuple(folder for folder, _ in self._by_folder)
        self.of_executables = tuple(analyzer for analyzer in analyzers if analyzer.wants_executables)

    @property
    def key(self) -> str:
        """Which analyzers these are; changes when one of them would find something else."""
        return ",".join(sorted(f"{analyzer.name}={analyzer.version}" for analyzer in self.analyzers))

    def for_path(self, path: str) -> Analyzer | None:
        """The analyzer that wants a file, the first of several."""
        for analyzer in self._by_name.get(path.rpartition("/")[2], ()):
            if analyzer.wants(path):
                return analyzer
        if path.endswith(self._suffixes):
            for analyzer in self._by_suffix:
                if path.endswith(analyzer.suffixes) and analyzer.wants(path):
                    return analyzer
        if path.startswith(self._folders):
            for folder, analyzer in self._by_folder:
                if path.startswith(folder) and analyzer.wants(path):
                    return analyzer
        return None
