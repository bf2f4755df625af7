"""All permissions that policies need, with the policies that need them.

A scan lists and watches what it judges and what it looks up, so that a change is known at once; a review only
gets what it looks up. Signatures and services outside of the API server need none.
"""

from collections.abc import Iterable, Iterator, Mapping

from propolis.policy.engine.kinds import parse_kind
from propolis.policy.engine.permissions.acted import acted_by
from propolis.policy.engine.permissions.asked import Question, asked_by
from propolis.policy.engine.permissions.grant import READ, Grant, Note, Part, Permissions, together
from propolis.policy.engine.permissions.named import Named, Names
from propolis.policy.engine.webhooks import webhook_rules
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.global_context import GlobalContextEntry
from propolis.policy.model.policy import Policy

Judged = AnyPolicy | CleanupPolicy
_RBAC = "rbac.authorization.k8s.io"


def permissions_of(
    policies: Iterable[Judged], entries: Iterable[GlobalContextEntry] = (), names: Names | None = None
) -> Permissions:
    """What policies need of a cluster.

    Args:
        policies: Those that are enabled.
        entries: Global entries that they may name.
        names: Kinds of the server; without it those of Kubernetes itself, others are guessed.
    """
    names = names or Names()
    by_name = {entry.name: entry for entry in entries}
    found = [one for policy in policies for one in _of(policy, by_name, names)]
    return Permissions(
        together(one for one in found if isinstance(one, Grant)),
        tuple(sorted({one for one in found if isinstance(one, Note)})),
    )


def _of(policy: Judged, entries: Mapping[str, GlobalContextEntry], names: Names) -> Iterator[Grant | Note]:
    if isinstance(policy, CelPolicy) and policy.group != KYVERNO:
        return
    label = _label(policy)
    is_admitted, is_scanned = _is_admitted(policy), _is_scanned(policy)
    if is_scanned and not isinstance(policy, CleanupPolicy):
        yield from _matched(policy, names, label)
    namespace = policy.namespace if isinstance(policy, CelPolicy) else ""
    for asked in asked_by(policy.spec, entries, names, namespace):
        if isinstance(asked, str):
            yield Note(label, asked)
            continue
        if is_admitted:
            yield _granted("admission", asked, label)
        if is_scanned:
            yield _followed(asked, label)
        if not (is_admitted or is_scanned):
            yield _granted("actions", asked, label)
    yield from _acted(policy, names, label)


def _acted(policy: Judged, names: Names, label: str) -> Iterator[Grant | Note]:
    """What carries out what a policy wants done."""
    for one in acted_by(policy, names):
        if isinstance(one, str):
            yield Note(label, one)
            continue
        named = one.named
        yield Grant("actions", named.group, named.resource, one.verbs, one.namespace, (), (label,))
        yield from _guesses(named, label)
        if named.group == _RBAC:
            yield Note(label, f"{named.resource} may give no more than their maker has: grant that too")


def _matched(policy: Policy | CelPolicy, names: Names, label: str) -> Iterator[Grant | Note]:
    """What a scan lists and watches: all that a policy is about, and what owns it."""
    found = {
        Named(rule.group, resource.partition("/")[0])
        for rule in webhook_rules([policy], names.served)
        for resource in rule.resources
    }
    for rule in policy.spec.rules if isinstance(policy, Policy) else ():
        for text in rule.match.kinds():
            selected = names.selected(parse_kind(text))
            found |= {one for one in selected if one.is_guessed}
            if not selected and names.is_unknown(parse_kind(text)):
                yield Note(label, f"no resource is known for {text}")
    for named in found:
        yield Grant("scan", named.group, named.resource, READ, "", (), (label,))
        yield from _guesses(named, label)


def _granted(part: Part, asked: Question, label: str) -> Grant:
    names = (asked.name,) if asked.name else ()
    return Grant(part, asked.group, asked.resource, (asked.verb,), asked.namespace, names, (label,))


def _followed(asked: Question, label: str) -> Grant:
    """A look-up of a scan; what is read is watched too, wherever it is."""
    if asked.verb == "create" or asked.resource.startswith("/") or "/" in asked.resource:
        return _granted("scan", asked, label)
    return Grant("scan", asked.group, asked.resource, READ, "", (), (label,))


def _guesses(named: Named, label: str) -> Iterator[Note]:
    if named.is_guessed:
        yield Note(label, f"the resource {named.resource} of {named.group or 'core'} is guessed")


def _is_admitted(policy: Judged) -> bool:
    if isinstance(policy, CleanupPolicy):
        return False
    if isinstance(policy, Policy):
        return policy.spec.admission is not False
    evaluation = getattr(policy.spec, "evaluation", None)
    switch = evaluation.admission if evaluation else None
    return policy.base_kind != "DeletingPolicy" and (switch is None or switch.enabled is not False)


def _is_scanned(policy: Judged) -> bool:
    """Whether what exists is judged by it: rules that change or make something are not."""
    if isinstance(policy, CleanupPolicy):
        return False
    if isinstance(policy, Policy):
        judges = any(rule.validation or rule.verify_images for rule in policy.spec.rules)
        return judges and policy.spec.background is not False
    evaluation = getattr(policy.spec, "evaluation", None)
    switch = evaluation.background if evaluation else None
    judges = policy.base_kind in ("ValidatingPolicy", "ImageValidatingPolicy")
    return judges and (switch is None or switch.enabled is not False)


def _label(policy: Judged) -> str:
    kind = policy.kind if isinstance(policy, Policy | CelPolicy) else "CleanupPolicy"
    kind = "ClusterCleanupPolicy" if isinstance(policy, CleanupPolicy) and not policy.namespace else kind
    namespace = f"{policy.namespace}/" if policy.namespace else ""
    return f"{kind} {namespace}{policy.name}"
