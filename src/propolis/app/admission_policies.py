"""The policies that are in force: those of files and folders, and those that are objects of the cluster."""

import asyncio
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from propolis.app.admission_rules import AdmissionRules, admission_rules
from propolis.app.admission_settings import SettingsSource
from propolis.app.compiled_policies import CompiledPolicies
from propolis.app.policy_files import policy_files
from propolis.app.policy_inputs import PolicyInput, read_policy_input
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError
from propolis.policy.engine.webhook_conditions import usable
from propolis.policy.sources.documents import LoadedPolicies

if TYPE_CHECKING:
    from propolis.app.admission_objects import PolicyObjects
    from propolis.policy.model.global_context import GlobalContextEntry

Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, inode, size and time of change of every file."""


class PolicyFiles:
    """Where policies are kept. Folders may be mounted ConfigMaps, whose files are links that move."""

    def __init__(self, policies: Sequence[str], exceptions: Sequence[str] = ()) -> None:
        self._policies = tuple(policies)
        self._exceptions = tuple(exceptions)

    def load(self) -> PolicyInput:
        """Policies, exceptions and global entries.

        Raises:
            DocumentError: A path is not there, or a document cannot be used: all are in force, or none.
            SourceError: A file cannot be read.
        """
        read = read_policy_input(self._policies, self._exceptions, BytesIO())
        for problem in read.problems:
            raise DocumentError(problem.text)
        return read

    def stamp(self) -> Stamp:
        """Changes whenever a file does."""
        return tuple(self._stamps())

    def _stamps(self) -> Iterator[tuple[str, int, int, int]]:
        for path in (*self._policies, *self._exceptions):
            try:
                for file in policy_files(Path(path)):
                    if not isinstance(file, Problem):
                        found = file.stat()
                        yield str(file), found.st_ino, found.st_size, found.st_mtime_ns
            except (OSError, DocumentError):
                yield path, 0, 0, 0


class AdmissionPolicies:
    """Policies of files, then those of the cluster, compiled again when any of them changes.

    Attributes:
        rules: In force.
        entries: Global entries beside them.
        objects: Policies of the cluster; None where they do not count.
        source: Of Kyverno's settings.
        problems: Objects of the cluster that could not be used when it was compiled last.
    """

    def __init__(self, files: PolicyFiles, source: SettingsSource | None = None) -> None:
        """Takes the files as they are.

        Args:
            files: Of policies.
            source: Of Kyverno's settings; without it they are the defaults.

        Raises:
            DocumentError: One cannot be used.
            SourceError: One cannot be read.
        """
        self.objects: PolicyObjects | None = None
        self.source = source or SettingsSource()
        self._files = files
        self._is_stale = False
        self._compiled_policies = CompiledPolicies()
        self._stamp = files.stamp()
        self._read = files.load()
        self._take(LoadedPolicies(), self._compiled(LoadedPolicies()))

    async def look(self) -> bool:
        """Takes over what has changed; whether anything has. All stays as it is when files cannot be used.

        Reading and compiling go on beside the reviews.

        Raises:
            DocumentError: A file cannot be used.
            SourceError: A file cannot be read.
        """
        stamp = await asyncio.to_thread(self._files.stamp)
        if stamp != self._stamp:
            self._stamp = stamp
            self._read = await asyncio.to_thread(self._files.load)
            self._is_stale = True
        self._is_stale |= self.source.look()
        if not (self._is_stale or (self.objects is not None and self.objects.is_changed)):
            return False
        found = self.objects.read() if self.objects else LoadedPolicies()
        self._is_stale = False
        self._take(found, await asyncio.to_thread(self._compiled, found))
        return True

    def _compiled(self, found: LoadedPolicies) -> AdmissionRules:
        read = self._read
        policies, exceptions = (*read.policies, *found.policies), (*read.exceptions, *found.exceptions)
        return admission_rules(policies, exceptions, self.source.settings, self._compiled_policies.compile)

    def _take(self, found: LoadedPolicies, rules: AdmissionRules) -> None:
        self.rules = rules
        self.entries: tuple[GlobalContextEntry, ...] = (*self._read.entries, *found.global_contexts)
        settings = self.source.settings
        self.problems = tuple(map(str, (*found.errors, *settings.problems)))
        if len(usable(settings.conditions)) < len(settings.conditions):
            self.problems += (
                "matchConditions of the settings are left out: an API server would refuse them",
            )
