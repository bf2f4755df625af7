"""Counts of admission under Kyverno's names, so that people's dashboards and alerts stay as they are.

Follows Kyverno pkg/metrics @ v1.19.1. The times of rules have the labels that its chart leaves them
(charts/kyverno/values.yaml, metricsExposure), and are shares: the engine reads no clock, so the rules of a
decision have the same part of its time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis import __version__
from propolis.app.admission_rule_labels import CLUSTER, RuleLabels, rule_labels
from propolis.app.admission_rules import ALL, AdmissionRules, RuleSet
from propolis.app.admission_tallies import OTHER, Cell, Labels, Tally
from propolis.cluster.discovery import Served
from propolis.core.finding import Finding, Rule
from propolis.lang.api_path import parse_api_path
from propolis.policy.model.policy import Policy

if TYPE_CHECKING:
    from propolis.app.admission_beside import Beside

MOST_LIVE = 5_000
"""Cells of decisions that wait to be counted by their labels."""

_REQUEST = ("resource_kind", "resource_namespace", "resource_request_operation")
_REVIEW = (*_REQUEST, "request_allowed", "request_webhook")
_POLICY = (
    "policy_validation_mode",
    "policy_type",
    "policy_background_mode",
    "policy_namespace",
    "policy_name",
)
_RESULT = (*_POLICY, *_REQUEST, "rule_name", "rule_result", "rule_type", "rule_execution_cause", "dry_run")
_INFO = ("rule_name", "rule_type", "policy_namespace", "policy_name", "status_ready", *_POLICY[:3])
_OF_CEL = (
    "policy_background_mode",
    "policy_name",
    "policy_namespace",
    *_REQUEST,
    "execution_cause",
    "result",
)
_CAUSE = "admission_request"
_WEBHOOKS = {"mutate": "MutatingWebhookConfiguration", "validate": "ValidatingWebhookConfiguration"}
_OPERATIONS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "WATCH": "watch"}

_Pattern = tuple[tuple[int, str], ...]
"""The rules of a decision, by their numbers in memory, and what they said."""


class AdmissionMetrics(Collector):
    """What one process has done.

    Attributes:
        beside: Webhook configurations of others that ask about the same.
        kind_of: Kinds by group and name in paths, for requests to the API server.
    """

    def __init__(self) -> None:
        self.beside: tuple[Beside, ...] = ()
        self.kind_of: Callable[[str, str], str] = lambda _group, resource: resource
        self._reviews = Tally(_REVIEW)
        self._http = Tally(("http_method", "http_url"))
        self._queries = Tally(("operation", "client_type", "resource_kind", "resource_namespace"))
        self._changes = Tally((*_POLICY, "policy_change_type"))
        self._results = {
            "rules": Tally(_RESULT),
            "validating": Tally(("policy_validation_mode", *_OF_CEL)),
            "mutating": Tally(_OF_CEL),
            "image_validating": Tally(("policy_validation_mode", *_OF_CEL)),
        }
        self._taken: RuleSet | None = None
        self._failures: Counter[Labels] = Counter()
        self._policies: dict[tuple[str, str, str], tuple[Labels, tuple[Policy, ...]]] = {}
        self._rules: dict[int, tuple[Rule, RuleLabels]] = {}
        self._live: dict[tuple[Labels, bool], dict[_Pattern, Cell]] = {}
        self._live_cells = 0
        self._registry = prometheus_client.CollectorRegistry()
        self._registry.register(self)

    def also(self, collector: Collector) -> None:
        """Tells what another part of the process counts beside this."""
        self._registry.register(collector)

    def take(self, rules: AdmissionRules) -> None:
        """Other rules decide from now on, or the same."""
        if rules.sets[ALL] is self._taken:
            return
        self._fold()
        self._taken = rules.sets[ALL]
        self._rules = {id(rule): (rule, labels) for rule, labels in rule_labels(rules)}
        before, self._policies = self._policies, _policies(rules, self._rules)
        for key in before.keys() | self._policies.keys():
            self._change(before.get(key), self._policies.get(key))

    def _change(
        self, before: tuple[Labels, tuple[Policy, ...]] | None, now: tuple[Labels, tuple[Policy, ...]] | None
    ) -> None:
        if before == now:
            return
        what = "created" if before is None else "deleted" if now is None else "updated"
        labels = (now or before or ((), ()))[0]
        self._changes.cell((*labels, what)).count += 1

    def reviewed(self, webhook: str, request: Labels, *, allowed: bool, seconds: float) -> None:
        """Counts one review of a kind, namespace and operation."""
        self._reviews.cell((*request, "true" if allowed else "false", _WEBHOOKS[webhook])).add(seconds)

    def judged(self, request: Labels, findings: Sequence[Finding], seconds: float, *, dry_run: bool) -> None:
        """Counts what rules said of a kind, namespace and operation, and how long they took together."""
        if not findings:
            return
        if self._live_cells > MOST_LIVE:
            self._fold()
        patterns = self._live.get((request, dry_run))
        if patterns is None:
            patterns = self._live.setdefault((request, dry_run), {})
        pattern = tuple([(id(one.rule), one.outcome) for one in findings])
        cell = patterns.get(pattern)
        if cell is None:
            cell = patterns[pattern] = Cell()
            self._live_cells += 1
        cell.add(seconds / len(findings))

    def answered(self, method: str, url: str, seconds: float) -> None:
        """Counts one request for a review, whatever became of it."""
        self._http.cell((method, url)).add(seconds)

    def queried(self, method: str, target: str) -> None:
        """Counts one request to the API server."""
        path = parse_api_path(target)
        if path is None:
            return
        read = "get" if path.name else "list"
        kind = self.kind_of(path.group, path.resource)
        values = (_OPERATIONS.get(method, read), "dynamic", kind, path.namespace)
        self._queries.cell(values).count += 1

    def failed(self, webhook: str, why: str) -> None:
        """Counts a review that could not be judged."""
        self._failures[_WEBHOOKS.get(webhook, OTHER), why] += 1

    async def text(self) -> bytes:
        """All counts, in the format of Prometheus; it is written beside the reviews."""
        self._fold()
        return await asyncio.to_thread(prometheus_client.generate_latest, self._registry)

    def _fold(self) -> None:
        """Counts decisions by the labels of their rules."""
        live, self._live, self._live_cells = self._live, {}, 0
        for (request, dry_run), patterns in live.items():
            for pattern, cell in patterns.items():
                for number, outcome in pattern:
                    labels = self._rules[number][1] if number in self._rules else None
                    if labels is not None:
                        values = _result_values(labels, request, outcome, dry_run=dry_run)
                        self._results[labels.family].cell(values).merge(cell)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the client library."""
        yield self._reviews.counter("kyverno_admission_requests", "requests that were reviewed")
        told = "time of one review"
        reviews = self._reviews.without("resource_namespace")
        yield reviews.histogram("kyverno_admission_review_duration_seconds", told)
        yield self._http.counter("kyverno_http_requests", "requests for reviews")
        yield self._http.histogram("kyverno_http_requests_duration_seconds", "time of one request")
        yield self._queries.counter("kyverno_client_queries", "requests to the API server")
        yield self._changes.counter("kyverno_policy_changes", "changes of policies")
        yield from self._of_rules()
        yield self._info()
        info = GaugeMetricFamily("kyverno_info", "the version that serves", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        yield from self._own()

    def _of_rules(self) -> Iterator[Metric]:
        for family, tally in self._results.items():
            prefix = "kyverno_policy" if family == "rules" else f"kyverno_{family}_policy"
            yield tally.counter(f"{prefix}_results", "what rules said")
            times = tally.without("resource_namespace", "resource_request_operation")
            yield times.histogram(f"{prefix}_execution_duration_seconds", "time of one rule")

    def _info(self) -> Metric:
        family = GaugeMetricFamily("kyverno_policy_rule_info_total", "rules in force", labels=_INFO)
        for _, one in self._rules.values():
            if one.family == "rules":
                mode = (one.mode, one.policy_type, one.background)
                family.add_metric((one.rule, one.rule_type, one.namespace, one.policy, "true", *mode), 1)
        return family

    def _own(self) -> Iterator[Metric]:
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


def _result_values(labels: RuleLabels, request: Labels, outcome: str, *, dry_run: bool) -> Labels:
    if labels.family == "rules":
        policy = (labels.mode, labels.policy_type, labels.background, labels.namespace, labels.policy)
        tried = "true" if dry_run else "false"
        return (*policy, *request, labels.rule, str(outcome), labels.rule_type, _CAUSE, tried)
    found = (labels.background, labels.policy, labels.namespace, *request, _CAUSE, str(outcome))
    return found if labels.family == "mutating" else (labels.mode, *found)


def _policies(
    rules: AdmissionRules, known: Mapping[int, tuple[Rule, RuleLabels]]
) -> dict[tuple[str, str, str], tuple[Labels, tuple[Policy, ...]]]:
    """Policies in rules with their labels, to tell what has changed."""
    labels = {
        (one.namespace, one.policy): (one.mode, one.policy_type, one.background, one.namespace, one.policy)
        for _, one in known.values()
        if one.family == "rules"
    }
    found: dict[tuple[str, str, str], tuple[Labels, tuple[Policy, ...]]] = {}
    everything = rules.sets[ALL]
    for policy in _in_rules((*everything.changing, *everything.judging)):
        key = (policy.kind, policy.namespace, policy.name)
        of, parts = found.get(key, (labels[policy.namespace or CLUSTER, policy.name], ()))
        found[key] = of, (*parts, policy)
    return found


def _in_rules(policies: Iterable[object]) -> Iterator[Policy]:
    return (one for one in policies if isinstance(one, Policy))


def kind_of(served: Iterable[Served], group: str, resource: str) -> str:
    """The kind of a name in paths; the name itself where no kind is known."""
    return next((one.kind for one in served if (one.group, one.plural) == (group, resource)), resource)
