"""The policies as they were: whether one was in force at the time of a request, and with which text."""

from collections.abc import Iterable

import msgspec

from propolis.app.replay_policies import ReplayPolicies
from propolis.app.replay_requests import inflated
from propolis.core.errors import DocumentError
from propolis.policy.engine.admission_record import decode_policies
from propolis.reports.render.admission_replay import Then
from propolis.store.database import Database
from propolis.store.review_queries import blobs


class Past:
    """Reads each set of policies once."""

    def __init__(self, database: Database, policies: ReplayPolicies) -> None:
        self._database = database
        self._digests = policies.digests
        self._sets: dict[int, dict[str, frozenset[str]]] = {}

    def then(self, numbers: Iterable[int], policy: str) -> Then:
        """What a policy was, by the numbers of the sets that decided a request. Raises `SourceError`."""
        were = [self._set(number).get(policy) for number in numbers]
        found = [one for one in were if one is not None]
        if not found:
            return "absent"
        return "same" if all(one == self._digests.get(policy) for one in found) else "other text"

    def _set(self, number: int) -> dict[str, frozenset[str]]:
        if number not in self._sets:
            self._sets[number] = self._read(number)
        return self._sets[number]

    def _read(self, number: int) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        try:
            for one in decode_policies(inflated(blobs(self._database, [number])[number])):
                found.setdefault(one.key, set()).add(one.digest)
        except (KeyError, DocumentError, msgspec.DecodeError):
            return {}
        return {key: frozenset(digests) for key, digests in found.items()}
