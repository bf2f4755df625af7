"""What became of each policy of the cluster, for its status."""

from collections.abc import Callable

from propolis.app.admission_objects import PolicyObjects
from propolis.app.policy_objects import PolicyObject
from propolis.policy.engine.policy_state import PolicyState
from propolis.policy.engine.remarks import remarks_on
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.reader import dotted
from propolis.policy.model.schema.kinds import KINDS, CustomKind
from propolis.policy.sources.documents import LoadedPolicies

_OURS = {(one.group, one.kind): one for one in KINDS}


class PolicyStates:
    """Tells why a policy cannot be used; what was found is kept as long as the policy says the same."""

    def __init__(self) -> None:
        self._problems: dict[int, tuple[LoadedPolicies, str]] = {}

    def of(
        self, objects: PolicyObjects, asks: Callable[[AnyPolicy], bool], *, is_configured: bool
    ) -> list[PolicyState]:
        """The states of all objects, in a stable order. Compiles what is new, so it takes a while.

        Args:
            objects: The policies of a cluster.
            asks: Whether a policy is for requests.
            is_configured: Whether webhooks bring what policies that are for requests ask for.
        """
        each = [(_OURS[kind], key, one) for kind, key, one in objects.each() if kind in _OURS]
        known = {id(one.loaded) for _, _, one in each}
        self._problems = {number: kept for number, kept in self._problems.items() if number in known}
        return [self._state(kind, key, one, asks, is_configured=is_configured) for kind, key, one in each]

    def _state(
        self,
        kind: CustomKind,
        key: tuple[str, str],
        found: PolicyObject,
        asks: Callable[[AnyPolicy], bool],
        *,
        is_configured: bool,
    ) -> PolicyState:
        policy = next(iter(found.loaded.policies), None)
        return PolicyState(
            kind,
            *key,
            policy,
            self._problem(found.loaded),
            policy is not None and asks(policy),
            is_configured,
            uid=found.uid,
            before=found.status,
        )

    def _problem(self, loaded: LoadedPolicies) -> str:
        kept = self._problems.get(id(loaded))
        if kept is None:
            kept = self._problems[id(loaded)] = (loaded, _problem_of(loaded))
        return kept[1]


def _problem_of(loaded: LoadedPolicies) -> str:
    """The first error in an object; empty where there is none."""
    for error in loaded.errors:
        return error.message
    for one in (*loaded.policies, *loaded.exceptions):
        for remark in remarks_on(one):
            if remark.level == "error":
                return f"{dotted(remark.path)}: {remark.message}"
    return ""
