"""Counts of background scans, under Kyverno's names where it has them.

Follows Kyverno pkg/metrics @ v1.19.1. A result is counted when it is new or other than before.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis.core.finding import Outcome
from propolis.policy.controllers.background import Background
from propolis.policy.controllers.subjects import Statement, Subject
from propolis.policy.controllers.units import Unit
from propolis.policy.engine.policy_set import CompiledRule, Phase

MOST_SERIES = 20_000
"""Sets of label values of one metric: kinds and namespaces come from strangers. Others count as one."""
OTHER = "other"
CONTROLLER = "background-scan-controller"
_POLICY = (
    "policy_name",
    "policy_namespace",
    "policy_type",
    "policy_validation_mode",
    "policy_background_mode",
)
_RESULT = (
    *_POLICY,
    "rule_name",
    "rule_type",
    "rule_result",
    "resource_kind",
    "resource_namespace",
    "resource_request_operation",
    "rule_execution_cause",
    "dry_run",
)
_CEL_NAMES = {
    "ValidatingPolicy": "kyverno_validating_policy_results",
    "ImageValidatingPolicy": "kyverno_image_validating_policy_results",
}
_CEL_RESULT = (
    "policy_validation_mode",
    "policy_background_mode",
    "policy_name",
    "policy_namespace",
    "resource_kind",
    "resource_namespace",
    "resource_request_operation",
    "execution_cause",
    "result",
)

Labels = tuple[str, ...]


class OperatorMetrics(Collector):
    """What one process has done, and what holds."""

    def __init__(self, background: Background, backlog: Sequence[Callable[[], int]] = ()) -> None:
        self._background = background
        self._backlog = backlog
        self._results: Counter[Labels] = Counter()
        self._cel: dict[str, Counter[Labels]] = {}
        self._standing: Counter[Outcome] = Counter()
        self._registry = prometheus_client.CollectorRegistry()
        self._registry.register(self)

    def observe(self, subject: Subject, said: Sequence[Statement], before: Sequence[Statement]) -> None:
        """Counts what rules say of a resource that they did not say before."""
        self._standing.subtract(one.outcome for one in before)
        self._standing.update(one.outcome for one in said)
        known = set(map(id, before))
        for statement in said:
            if id(statement) not in known:
                self._count(subject, statement)

    def _count(self, subject: Subject, statement: Statement) -> None:
        unit = self._background.scan.rules.units.get(statement.unit)
        if unit is None:
            return
        kind, outcome = subject.of.served.kind, str(statement.outcome)
        mode = "enforce" if unit.enforces else "audit"
        cel = _CEL_NAMES.get(unit.policy.kind.removeprefix("Namespaced"))
        if cel is not None:
            policy = mode, "true", unit.policy.name, unit.policy.namespace
            of_cel = *policy, kind, subject.namespace, "create", "background_scan", outcome
            _add(self._cel.setdefault(cel, Counter()), of_cel)
            return
        rule = statement.rule.name, _rule_type(unit, statement.rule.name), outcome
        place = kind, subject.namespace, "create", "background_scan", "false"
        _add(self._results, (*_policy_labels(unit), *rule, *place))

    def also(self, other: Collector) -> None:
        """Has what another collects told too."""
        self._registry.register(other)

    def text(self) -> bytes:
        """All of it, in the format of Prometheus."""
        return prometheus_client.generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the client library."""
        yield _counter("kyverno_policy_results", "what rules said", _RESULT, self._results)
        for name, counts in sorted(self._cel.items()):
            yield _counter(name, "what policies said", _CEL_RESULT, counts)
        yield self._rules()
        done = self._background.scan.counts.evaluations
        reconciled: Counter[Labels] = Counter({(CONTROLLER,): done})
        yield _counter("kyverno_controller_reconcile", "judgements", ("controller_name",), reconciled)
        yield from self._own()

    def _rules(self) -> Metric:
        told = "policies and their rules"
        labels = (*_POLICY, "rule_name", "rule_type", "status_ready")
        family = GaugeMetricFamily("kyverno_policy_rule_info_total", told, labels=labels)
        for unit in self._background.scan.rules.units.values():
            for rule in {rule.rule.name: rule for rule in unit.rules.rules}.values():
                family.add_metric((*_policy_labels(unit), rule.rule.name, _type_of(rule), "true"), 1)
        return family

    def _own(self) -> Iterator[Metric]:
        scan = self._background.scan
        counts = scan.counts
        done: dict[Labels, int] = {
            ("changed",): counts.evaluations - counts.unchanged,
            ("unchanged",): counts.unchanged,
        }
        told = "judgements of resources, by whether they said anything new"
        yield _counter("propolis_background_evaluations", told, ("result",), Counter(done))
        faults: Counter[Labels] = Counter({(): scan.judging.faults})
        yield _counter("propolis_background_faults", "rules that broke", (), faults)
        gauges = {
            "propolis_background_queue": ("resources that wait to be judged", scan.waiting),
            "propolis_background_resources": ("resources in memory", sum(map(len, scan.kinds.values()))),
            "propolis_background_lookups": ("answers in memory", len(scan.answers)),
            "propolis_background_backlog": (
                "what is still to be written",
                sum(one() for one in self._backlog),
            ),
            "propolis_background_kinds": ("kinds that are followed", len(self._background.following.kinds)),
            "propolis_background_settled": (
                "1 once all that was there at the beginning is judged",
                int(self._background.is_settled.is_set()),
            ),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value)
        standing = GaugeMetricFamily("propolis_background_findings", "what holds now", labels=("outcome",))
        for outcome in Outcome:
            standing.add_metric((str(outcome),), self._standing[outcome])
        yield standing


def _policy_labels(unit: Unit) -> Labels:
    policy = unit.policy
    scope = "namespaced" if policy.namespace else "cluster"
    return policy.name, policy.namespace or "-", scope, "enforce" if unit.enforces else "audit", "true"


def _rule_type(unit: Unit, name: str) -> str:
    return next((_type_of(rule) for rule in unit.rules.rules if rule.rule.name == name), "-")


def _type_of(rule: CompiledRule) -> str:
    return "imageVerify" if rule.phase is Phase.VERIFY else "validate"


def _counter(name: str, told: str, labels: Sequence[str], counts: Counter[Labels]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _add(counter: Counter[Labels], labels: Labels) -> None:
    if labels not in counter and len(counter) >= MOST_SERIES:
        labels = (OTHER,) * len(labels)
    counter[labels] += 1
