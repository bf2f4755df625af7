"""Triggers that are there already: those that a rule has acted for before, and those that it is for."""

from collections.abc import AsyncIterator, Callable, Sequence

from propolis.core.errors import Error
from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.core.resource import Resource, ResourceRef
from propolis.policy.controllers.acting_policies import WITHOUT_REQUEST, ActingRule
from propolis.policy.controllers.attempt import World, is_going
from propolis.policy.controllers.following import can_be_judged
from propolis.policy.controllers.made import LABEL, Made
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject


async def adopt(
    world: World, made: Made, rules: Sequence[ActingRule]
) -> list[tuple[ActingRule, ResourceRef, bool]]:
    """Looks for all that rules have made; the triggers of some rules, and whether each is still there.

    Kinds that cannot be listed are left out, and so are triggers of them: nothing is known of those.

    Args:
        world: The cluster.
        made: Takes what is found.
        rules: Whose triggers are wanted.
    """
    for kind in world.served:
        if can_be_judged(kind):
            for resource in await _labelled(world, kind):
                made.put(resource.ref, resource.labels)
    known: dict[tuple[str, str, str], dict[str, ResourceRef] | None] = {}
    found: dict[tuple[str, str, str], tuple[ActingRule, ResourceRef, bool]] = {}
    for rule in rules:
        for _, origin in made.of(rule.owner):
            trigger = origin.trigger
            place = trigger.group, trigger.kind, trigger.namespace
            if place not in known:
                known[place] = await _by_uid(world, trigger)
            there = known[place]
            if there is not None and trigger.uid:
                live = there.get(trigger.uid)
                key = rule.owner.policy, rule.owner.rule, trigger.uid
                found[key] = rule, live or trigger, live is not None
    return list(found.values())


async def _labelled(world: World, kind: object) -> Sequence[Resource]:
    try:
        return await world.labelled(kind, LABEL)  # type: ignore[arg-type]  # a kind of this world
    except Error:
        return ()


async def _by_uid(world: World, trigger: ResourceRef) -> dict[str, ResourceRef] | None:
    """Objects of a trigger's kind and namespace; None where they are not known."""
    for kind in world.served:
        if (kind.group, kind.kind) == (trigger.group, trigger.kind):
            try:
                found = await world.objects(kind, trigger.namespace)
            except Error:
                return None
            return {one.ref.uid: one.ref for one in found}
    return None


async def triggers(
    world: World, rule: ActingRule, is_filtered: Callable[[ResourceRef], bool]
) -> AsyncIterator[ResourceRef]:
    """Objects that a rule may be for. Raises `SourceError`."""
    namespace = rule.owner.policy.rpartition("/")[0]
    for kind in world.served:
        if not can_be_judged(kind) or not rule.rules.may_be_for(kind.group, kind.version, kind.kind):
            continue
        for resource in await world.objects(kind, namespace):
            is_left_out = is_filtered(resource.ref) or is_going(resource.document)
            if not is_left_out and _may_be_for(rule, resource):
                yield resource.ref


def _may_be_for(rule: ActingRule, resource: Resource) -> bool:
    """Whether a rule may be for an object, as far as that is told without look-ups."""
    for operation in WITHOUT_REQUEST:
        request = Request(PolicySubject(resource, operation=operation), _nobody)
        for one in rule.rules.rules_for(request):
            try:
                if one.matches is None or one.matches(request):
                    return True
            except MissingLookups:
                return True
    return False


def _nobody(key: LookupKey) -> Answer:
    raise MissingLookups((key,))
