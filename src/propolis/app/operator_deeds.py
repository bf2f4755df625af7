"""What an operator did, as events and counts in Kyverno's words.

Follows Kyverno pkg/event/events.go and pkg/metrics/{cleanup,deleting,ttl_info}.go @ v1.19.1.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis.cluster.discovery import Served
from propolis.cluster.events import EventWriter
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting import Acting
from propolis.policy.controllers.attempt import Deed
from propolis.policy.controllers.cleaning import Deletion
from propolis.policy.controllers.expiry import Expiry
from propolis.policy.controllers.units import policy_reference
from propolis.policy.model.cleanup import CleanupPolicy

MOST_SERIES = 20_000
APPLIED, FAILED = "PolicyApplied", "PolicyError"
NONE = "None"
_CLEANUP = ("policy_type", "policy_namespace", "policy_name", "resource_kind")
_DELETING = ("policy_type", "policy_namespace", "policy_name", "resource")
_PLACE = ("resource_namespace", "deletion_propagation")
_TTL = ("resource_namespace", "resource_group", "resource_version", "resource_resource")

Labels = tuple[str, ...]


class Deeds(Collector):
    """Tells and counts.

    Attributes:
        writers: Of events, for rules that make, rules that change, and policies that delete.
        omitted: Reasons of which none are told.
    """

    def __init__(
        self,
        acting: Callable[[], Acting | None],
        expiry: Callable[[], Expiry | None],
        served: Callable[[], Sequence[Served]],
    ) -> None:
        self.writers: Mapping[str, EventWriter] = {}
        self.omitted: frozenset[str] = frozenset()
        self._acting = acting
        self._expiry = expiry
        self._served = served
        self._done: Counter[Labels] = Counter()
        self._deleted: dict[str, Counter[Labels]] = {}

    def did(self, deed: Deed) -> None:
        """A rule did something to a resource, or could not."""
        source = "generate" if deed.rule.generates else "mutate"
        result = "error" if deed.error else "done"
        _add(self._done, (deed.rule.owner.policy, deed.rule.owner.rule, deed.what or NONE, result))
        writer = self.writers.get(source)
        if writer is None:
            return
        policy, owner = policy_reference(deed.rule.policy), deed.rule.owner
        if deed.error:
            label = f"{policy.name}/{owner.rule}" if owner.rule else policy.name
            self._tell(writer, FAILED, policy, deed.trigger, NONE, f"policy {label} error: {deed.error}")
        elif deed.what != "Delete" and deed.resource is not None:
            action, text = (
                ("Resource Generated", "resource generated")
                if deed.rule.generates
                else ("Resource Mutated", "resource mutated")
            )
            self._tell(writer, APPLIED, policy, deed.resource, action, text)
            if deed.what == "Create":
                made = f"Created {deed.resource.kind} {deed.resource.name}"
                applied = f"{made} as a result of applying policy {owner.policy}/{owner.rule}"
                self._tell(writer, APPLIED, deed.resource, None, NONE, applied)

    def deleted(self, deletion: Deletion) -> None:
        """A policy deleted an object when its time came, or could not."""
        policy, resource = deletion.policy, deletion.resource
        is_cleanup = isinstance(policy, CleanupPolicy)
        kind = _kind_of(deletion)
        controller = "cleanup" if is_cleanup else "deleting"
        what = resource.kind if is_cleanup else self._plural(resource)
        labels = kind, policy.namespace, policy.name, what, resource.namespace, deletion.propagation
        name = f"{controller}_{'errors' if deletion.error else 'deletedobjects'}"
        _add(self._deleted.setdefault(name, Counter()), labels)
        writer = self.writers.get("cleanup")
        if writer is None:
            return
        group = "kyverno.io/v2" if is_cleanup else "policies.kyverno.io/v1"
        of = ResourceRef(group, kind, policy.name, policy.namespace)
        verb = ("cleaned up", "clean up") if is_cleanup else ("deleted", "delete")
        place = f"{resource.kind}/{resource.namespace}/{resource.name}"
        if deletion.error:
            text = f"failed to {verb[1]} the target resource {place}: {deletion.error}"
            self._tell(writer, FAILED, of, resource, NONE, text)
        else:
            text = f"successfully {verb[0]} the target resource {place}"
            self._tell(writer, APPLIED, of, resource, "Resource Cleaned Up", text)

    def _tell(
        self,
        writer: EventWriter,
        reason: str,
        regarding: ResourceRef,
        related: ResourceRef | None,
        action: str,
        note: str,
    ) -> None:
        if reason not in self.omitted:
            writer.tell(reason, regarding, related, action, note)

    def _plural(self, resource: ResourceRef) -> str:
        for one in self._served():
            if (one.group, one.kind) == (resource.group, resource.kind):
                return one.plural
        return resource.kind

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the client library."""
        for controller, names in {"cleanup": _CLEANUP, "deleting": _DELETING}.items():
            for what in ("deletedobjects", "errors"):
                counts = self._deleted.get(f"{controller}_{what}", Counter())
                name = f"kyverno_{controller}_controller_{what}"
                yield _counter(name, "objects that policies deleted", (*names, *_PLACE), counts)
        yield from self._expired()
        names = ("policy", "rule", "action", "result")
        yield _counter("propolis_actions", "what rules did", names, self._done)
        acting = self._acting()
        if acting is None:
            return
        tries: Counter[Labels] = Counter({(name,): count for name, count in acting.counts.items()})
        yield _counter("propolis_actions_attempts", "attempts to act", ("result",), tries)
        yield GaugeMetricFamily("propolis_actions_waiting", "rules to act", value=acting.pairs.waiting)
        yield GaugeMetricFamily("propolis_actions_followed", "rules that are kept", value=len(acting.pairs))

    def _expired(self) -> Iterator[Metric]:
        expiry = self._expiry()
        found = {
            "deletedobjects": expiry.deleted if expiry else {},
            "errors": expiry.failed if expiry else {},
        }
        kinds = {one.kind: one for one in reversed(self._served())}
        for what, counts in found.items():
            told: Counter[Labels] = Counter()
            for (kind, namespace), count in counts.items():
                served = kinds.get(kind)
                of = (served.group, served.version, served.plural) if served else ("", "", kind)
                told[namespace, *of] += count
            yield _counter(f"kyverno_ttl_controller_{what}", "objects whose time had come", _TTL, told)


def _kind_of(deletion: Deletion) -> str:
    policy = deletion.policy
    if isinstance(policy, CleanupPolicy):
        return "CleanupPolicy" if policy.namespace else "ClusterCleanupPolicy"
    return policy.kind


def _counter(name: str, told: str, labels: Sequence[str], counts: Counter[Labels]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _add(counter: Counter[Labels], labels: Labels) -> None:
    if labels not in counter and len(counter) >= MOST_SERIES:
        labels = ("other",) * len(labels)
    counter[labels] += 1
