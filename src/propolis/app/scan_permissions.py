"""Whether the process may read what policies are about, so that a scan of the cluster judges all of it."""

import asyncio
from collections.abc import Iterable

import msgspec

from propolis.cluster.reader import ClusterReader
from propolis.core import clock
from propolis.policy.engine.policy_state import PolicyState
from propolis.policy.engine.webhooks import ServedKind, webhook_rules
from propolis.policy.model.any import AnyPolicy

VERBS = ("get", "list", "watch")
KEPT_SECONDS = 60.0
"""How long an answer counts."""
AT_ONCE = 8
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_Asked = tuple[str, str, str]
"""Group, resource and verb."""


class ScanPermissions:
    """Asks the API server what this process may do; each question once a minute."""

    def __init__(self, reader: ClusterReader) -> None:
        self._reader = reader
        self._answers: dict[_Asked, tuple[float, bool]] = {}

    async def fill(self, states: Iterable[PolicyState]) -> list[PolicyState]:
        """The states with what is missing for a scan.

        Raises:
            SourceError: The server does not answer.
        """
        found = list(states)
        kinds = [ServedKind(one.group, one.version, one.kind, one.plural) for one in self._reader.served]
        wanted = {
            number: _read(one.policy, kinds)
            for number, one in enumerate(found)
            if one.policy is not None and one.is_scanned
        }
        allowed = await self._allowed({one for asked in wanted.values() for one in asked})
        return [
            msgspec.structs.replace(
                state, missing=tuple(_told(one) for one in wanted.get(number, ()) if not allowed[one])
            )
            for number, state in enumerate(found)
        ]

    async def _allowed(self, asked: set[_Asked]) -> dict[_Asked, bool]:
        now = clock.monotonic()
        kept = {one: answer for one, (at, answer) in self._answers.items() if now - at < KEPT_SECONDS}
        new = sorted(asked - kept.keys())
        gate = asyncio.Semaphore(AT_ONCE)
        answers = dict(zip(new, await asyncio.gather(*(self._ask(one, gate) for one in new)), strict=True))
        self._answers = {one: self._answers[one] for one in kept}
        self._answers |= {one: (now, answer) for one, answer in answers.items()}
        return {**kept, **answers}

    async def _ask(self, asked: _Asked, gate: asyncio.Semaphore) -> bool:
        group, resource, verb = asked
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"group": group, "resource": resource, "verb": verb}},
        }
        async with gate:
            found = await self._reader.post(_REVIEWS, msgspec.json.encode(review))
        status = found.get("status") if isinstance(found, dict) else None
        return isinstance(status, dict) and status.get("allowed") is True


def _read(policy: AnyPolicy, kinds: Iterable[ServedKind]) -> list[_Asked]:
    """What a scan reads for a policy: resources that there are, subresources as what has them."""
    kinds = list(kinds)
    there = {(one.group, one.plural) for one in kinds}
    named = {
        (rule.group, resource.partition("/")[0])
        for rule in webhook_rules([policy], kinds)
        for resource in rule.resources
    }
    return [(group, resource, verb) for group, resource in sorted(named & there) for verb in VERBS]


def _told(asked: _Asked) -> str:
    group, resource, verb = asked
    return f"{verb} {resource}.{group}" if group else f"{verb} {resource}"
