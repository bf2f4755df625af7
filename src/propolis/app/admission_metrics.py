"""Counts of admission under Kyverno's names, so that people's dashboards and alerts stay as they are.

Follows Kyverno pkg/metrics @ v1.19.1. Counts are kept in plain dictionaries and given to the client library
when they are asked for: a labelled counter of the library takes longer than a decision.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis.core.finding import Finding, Rule

if TYPE_CHECKING:
    from propolis.app.admission_beside import Beside

MOST_SERIES = 20_000
"""Sets of label values of one metric: kinds and namespaces come from strangers. Others count as one."""
OTHER = "other"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_REQUEST = ("resource_kind", "resource_namespace", "resource_request_operation", "request_allowed")
_REQUEST_LABELS = (*_REQUEST, "request_webhook")
_RESULT_LABELS = (
    "policy_name",
    "policy_namespace",
    "rule_name",
    "rule_result",
    "resource_kind",
    "resource_namespace",
    "resource_request_operation",
)
_WEBHOOKS = {"mutate": "MutatingWebhookConfiguration", "validate": "ValidatingWebhookConfiguration"}

Labels = tuple[str, ...]


class AdmissionMetrics(Collector):
    """What one process has done.

    Attributes:
        beside: Webhook configurations of others that ask about the same.
    """

    def __init__(self) -> None:
        self._requests: Counter[Labels] = Counter()
        self._results: dict[Labels, dict[tuple[int, str], int]] = {}
        self._rules: dict[int, Rule] = {}
        self._series = 0
        self.beside: tuple[Beside, ...] = ()
        self._failures: Counter[Labels] = Counter()
        self._buckets = {webhook: [0] * (len(BUCKETS) + 1) for webhook in _WEBHOOKS}
        self._seconds = dict.fromkeys(_WEBHOOKS, 0.0)
        self._registry = prometheus_client.CollectorRegistry()
        self._registry.register(self)

    def also(self, collector: Collector) -> None:
        """Tells what another part of the process counts beside this."""
        self._registry.register(collector)

    def reviewed(self, webhook: str, request: Labels, *, allowed: bool, seconds: float) -> None:
        """Counts one review of a kind, namespace and operation."""
        _add(self._requests, (*request, "true" if allowed else "false", _WEBHOOKS[webhook]))
        self._buckets[webhook][bisect_left(BUCKETS, seconds)] += 1
        self._seconds[webhook] += seconds

    def judged(self, request: Labels, findings: Iterable[Finding]) -> None:
        """Counts what rules said of a kind, namespace and operation."""
        counts = self._results.get(request)
        if counts is None:
            request = request if self._series < MOST_SERIES else (OTHER,) * len(request)
            counts = self._results.setdefault(request, {})
        for finding in findings:
            key = id(finding.rule), finding.outcome
            if key in counts:
                counts[key] += 1
            else:
                self._begin(counts, finding)

    def _begin(self, counts: dict[tuple[int, str], int], finding: Finding) -> None:
        """The first of its kind. A rule is known by its number in memory, so it is kept from being reused."""
        self._rules[id(finding.rule)] = finding.rule
        counts[id(finding.rule), finding.outcome] = 1
        self._series += 1

    def failed(self, webhook: str, why: str) -> None:
        """Counts a review that could not be judged."""
        _add(self._failures, (_WEBHOOKS.get(webhook, OTHER), why))

    def text(self) -> bytes:
        """All counts, in the format of Prometheus."""
        return prometheus_client.generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the client library."""
        told = "requests that were reviewed"
        requests = CounterMetricFamily("kyverno_admission_requests", told, labels=_REQUEST_LABELS)
        for labels, count in self._requests.items():
            requests.add_metric(labels, count)
        yield requests
        results = CounterMetricFamily("kyverno_policy_results", "what rules said", labels=_RESULT_LABELS)
        for labels, count in self._counted().items():
            results.add_metric(labels, count)
        yield results
        failures = CounterMetricFamily(
            "propolis_admission_failures", "reviews that were not judged", labels=("request_webhook", "why")
        )
        for labels, count in self._failures.items():
            failures.add_metric(labels, count)
        yield failures
        told = "resources that webhooks of others are asked about too"
        others = GaugeMetricFamily("propolis_other_webhooks", told, labels=("kind", "name"))
        for beside in self.beside:
            others.add_metric((beside.kind, beside.name), len(beside.resources))
        yield others
        yield self._durations()

    def _counted(self) -> Counter[Labels]:
        """Results by labels; rules of policies that were read again count together."""
        total: Counter[Labels] = Counter()
        for request, counts in self._results.items():
            for (number, outcome), count in counts.items():
                rule = self._rules[number]
                namespace, slash, name = rule.policy.rpartition("/")
                total[name, namespace if slash else "-", rule.name, str(outcome), *request] += count
        return total

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "kyverno_admission_review_duration_seconds", "time of one review", labels=("request_webhook",)
        )
        for webhook, counts in self._buckets.items():
            total, buckets = 0, []
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
                total += count
                buckets.append((bound, float(total)))
            family.add_metric([_WEBHOOKS[webhook]], buckets, self._seconds[webhook])
        return family


def _add(counter: Counter[Labels], labels: Labels) -> None:
    if labels not in counter and len(counter) >= MOST_SERIES:
        labels = (OTHER,) * len(labels)
    counter[labels] += 1
