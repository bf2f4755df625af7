"""The live cluster of ``policy apply``: which of its objects are judged, and who answers look-ups."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from propolis.app.live_lookups import LiveLookups
from propolis.app.policy_application import Fetch
from propolis.app.progress import Progress, silent
from propolis.app.settings import read_settings
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.live import LiveCluster
from propolis.cluster.observation import Observation
from propolis.core.workload import POD_PATHS
from propolis.policy.model.global_context import GlobalContextEntry

MayBeFor = Callable[[str, str, str], bool]
"""Whether any policy may be for a group, version and kind."""

_NAMESPACE = ("", "Namespace")


class ClusterTarget(msgspec.Struct, frozen=True):
    """Which cluster, and how much of it.

    Attributes:
        kubeconfig: A file in place of those of the settings.
        context: Of the kubeconfig; its current one when empty.
        namespace: The only one to judge; all when empty.
    """

    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = ""


class PolicyCluster:
    """An open cluster."""

    def __init__(self, live: LiveCluster, namespace: str, tell: Progress) -> None:
        self._live = live
        self._namespace = namespace
        self._tell = tell

    def objects(self, may_be_for: MayBeFor, *, has_standard: bool) -> Observation:
        """All objects that a policy may be for; with a level of Pod Security, workloads too."""
        kinds = [
            one
            for one in self._live.reader.served
            if may_be_for(one.group, one.version, one.kind) or (has_standard and one.kind in POD_PATHS)
        ]
        found = self._live.run(self._live.reader.list_whole(kinds, self._namespace, self._tell))
        return Observation(found.resources, (*self._live.reader.problems, *found.problems))

    def namespaces(self) -> Observation:
        """All namespaces, for their labels."""
        kinds = [one for one in self._live.reader.served if (one.group, one.kind) == _NAMESPACE]
        return self._live.run(self._live.reader.list_whole(kinds, "", silent))

    def lookups(self, entries: Sequence[GlobalContextEntry]) -> Fetch:
        """Who answers what policies ask."""
        lookups = LiveLookups(self._live.reader, entries)
        return lambda keys: self._live.run(lookups.answers(keys))


@contextmanager
def open_cluster(target: ClusterTarget, tell: Progress) -> Iterator[PolicyCluster]:
    """The cluster, as long as the block runs.

    Raises:
        DocumentError: The kubeconfig cannot be used.
        SourceError: The cluster does not answer.
    """
    paths: Collection[Path] = [target.kubeconfig] if target.kubeconfig else read_settings().kubeconfig
    with LiveCluster(load_access(tuple(paths), target.context)) as live:
        yield PolicyCluster(live, target.namespace, tell)
