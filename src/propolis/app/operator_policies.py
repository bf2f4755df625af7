"""The policies of scans: those of files and folders, and those that are objects of the cluster."""

import asyncio
from typing import TYPE_CHECKING

from propolis.app.admission_policies import PolicyFiles
from propolis.app.policy_inputs import PolicyInput
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.controllers.units import ScanRules, scan_rules
from propolis.policy.sources.documents import LoadedPolicies

if TYPE_CHECKING:
    from propolis.app.admission_objects import PolicyObjects
    from propolis.policy.model.global_context import GlobalContextEntry

UNREPORTED = "reports.kyverno.io/disabled"
"""Label of policies that no scan judges by, whatever it says."""


class ScanPolicies:
    """Policies of files, then those of the cluster; what has changed is compiled again, policy by policy.

    Attributes:
        rules: In force.
        entries: Global entries beside them.
        of_files: All that the files hold.
        loaded: The same, and all objects of the cluster.
        objects: Policies of the cluster; None where they do not count.
        problems: Objects of the cluster that cannot be used.
    """

    def __init__(self, files: PolicyFiles) -> None:
        """Takes the files as they are.

        Raises:
            DocumentError: One cannot be used.
            SourceError: One cannot be read.
        """
        self.objects: PolicyObjects | None = None
        self._files = files
        self._stamp = files.stamp()
        self._read = files.load()
        self._take(LoadedPolicies(), _compiled(self._read, LoadedPolicies(), None))

    async def look(self) -> bool:
        """Takes over what has changed; whether anything has. All stays as it is when files cannot be used.

        Raises:
            DocumentError: A file cannot be used.
            SourceError: A file cannot be read.
        """
        stamp = await asyncio.to_thread(self._files.stamp)
        is_new, self._stamp = stamp != self._stamp, stamp
        if is_new:
            self._read = await asyncio.to_thread(self._files.load)
        if not (is_new or (self.objects is not None and self.objects.is_changed)):
            return False
        found = self.objects.read() if self.objects else LoadedPolicies()
        self._take(found, await asyncio.to_thread(_compiled, self._read, found, self.rules))
        return True

    def _take(self, found: LoadedPolicies, rules: ScanRules) -> None:
        self.rules = rules
        self.entries: tuple[GlobalContextEntry, ...] = (*self._read.entries, *found.global_contexts)
        read = self._read
        self.of_files = LoadedPolicies(policies=read.policies, cleanups=read.cleanups)
        self.loaded = LoadedPolicies(
            policies=(*read.policies, *found.policies),
            exceptions=(*read.exceptions, *found.exceptions),
            global_contexts=self.entries,
        )
        self.problems = tuple(map(str, found.errors))


def _compiled(read: PolicyInput, found: LoadedPolicies, before: ScanRules | None) -> ScanRules:
    policies = [one for one in (*read.policies, *found.policies) if UNREPORTED not in one.labels]
    exceptions = (*read.exceptions, *found.exceptions)
    with quiet_gc():
        return scan_rules(policies, exceptions, (*read.bindings, *found.bindings), before)
