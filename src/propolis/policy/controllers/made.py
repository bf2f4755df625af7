"""What rules have made, as the labels of objects tell it: by rule and by trigger."""

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting_policies import Owner
from propolis.policy.engine.generated_labels import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

LABEL = f"{PREFIX}policy-name"
"""That every object has which a rule made."""
_OWNER = tuple(f"{PREFIX}{name}" for name in ("policy-namespace", "policy-name", "rule-name"))
_TRIGGER = tuple(f"{PREFIX}trigger-{name}" for name in ("group", "version", "kind", "namespace", "uid"))

Place = tuple[str, str, str, str]
"""Group, kind, namespace and name."""


class Origin(msgspec.Struct, frozen=True):
    """Who made an object, and because of what.

    Attributes:
        owner: Namespace, name and rule as labels have them.
        trigger: With a uid and without a name, which labels do not tell.
    """

    owner: tuple[str, str, str]
    trigger: ResourceRef

    @property
    def labels(self) -> dict[str, str]:
        """By which the object is known again."""
        found = dict(zip(_OWNER, self.owner, strict=True))
        return {**found, f"{PREFIX}trigger-uid": self.trigger.uid}


def origin_of(labels: dict[str, str]) -> Origin | None:
    """What labels tell; None where no rule made the object."""
    if not labels.get(LABEL):
        return None
    namespace, name, rule = (labels.get(key, "") for key in _OWNER)
    group, version, kind, trigger_namespace, uid = (labels.get(key, "") for key in _TRIGGER)
    api_version = f"{group}/{version}" if group else version
    return Origin((namespace, name, rule), ResourceRef(api_version, kind, "", trigger_namespace, uid=uid))


def place_of(ref: ResourceRef) -> Place:
    """Where an object is, whatever its version."""
    return ref.group, ref.kind, ref.namespace, ref.name


class Made:
    """All objects that rules have made, as far as they are known."""

    def __init__(self) -> None:
        self._origins: dict[Place, tuple[ResourceRef, Origin]] = {}
        self._of_owner: defaultdict[tuple[str, str, str], set[Place]] = defaultdict(set)

    def put(self, ref: ResourceRef, labels: dict[str, str]) -> None:
        """An object is there, or has other labels now."""
        place = place_of(ref)
        self.drop(place)
        origin = origin_of(labels)
        if origin is not None:
            self._origins[place] = ref, origin
            self._of_owner[origin.owner].add(place)

    def drop(self, place: Place) -> None:
        """An object is gone."""
        found = self._origins.pop(place, None)
        if found is not None:
            owner = found[1].owner
            self._of_owner[owner].discard(place)
            if not self._of_owner[owner]:
                del self._of_owner[owner]

    def of(self, owner: Owner, uid: str | None = None) -> list[tuple[ResourceRef, Origin]]:
        """What a rule made; for one trigger where its uid is given."""
        places: Iterable[Place] = self._of_owner.get(owner.labels, ())
        found = (self._origins[place] for place in sorted(places))
        return [one for one in found if uid is None or one[1].trigger.uid == uid]

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """Groups and kinds of all that was made."""
        return {(group, kind) for group, kind, _, _ in self._origins}
