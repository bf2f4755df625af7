"""Cleanup policies: which resources are to be deleted, and when.

Follows Kyverno pkg/controllers/cleanup @ 111e07b: conditions see the resource as ``target``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from propolis.core.evaluation import Evaluation, LookupKey, Lookups, MissingLookups
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import Resource
from propolis.lang.cron import Schedule, parse_schedule
from propolis.lang.jmespath import Environment, ExpressionError
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.conditions import Judge, compile_conditions
from propolis.policy.engine.context import Context, Entry
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.matching import compile_match
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Delete
from propolis.policy.model.cleanup import CleanupPolicy


class CompiledCleanup(msgspec.Struct, frozen=True):
    """A cleanup policy as functions."""

    key: str
    schedule: Schedule
    matches: Callable[[Request], bool]
    entries: tuple[Entry, ...]
    judge: Judge | None
    propagation: str


def compile_cleanups(policies: Iterable[CleanupPolicy]) -> tuple[CompiledCleanup, ...]:
    """Compiles cleanup policies to a set that is evaluated many times."""
    return tuple(map(_compile, policies))


def _compile(policy: CleanupPolicy) -> CompiledCleanup:
    spec = policy.spec
    return CompiledCleanup(
        key=policy.key,
        schedule=parse_schedule(spec.schedule),
        matches=compile_match(spec.match, spec.exclude, policy.namespace),
        entries=compile_entries(spec.context, policy.namespace),
        judge=compile_conditions(spec.conditions) if spec.conditions else None,
        propagation=spec.deletion_propagation_policy or "",
    )


def evaluate_cleanup(
    rules: tuple[CompiledCleanup, ...], subject: Resource, lookups: Lookups, now: datetime
) -> Evaluation:
    """A `Delete` at its next time for each policy that is for a resource whose conditions hold now.

    A policy whose conditions cannot be evaluated gives a finding with the outcome error.

    Raises:
        MissingLookups: All look-ups that policies stopped for.
    """
    asked = Asked(lookups)
    request = Request(PolicySubject(subject, operation="DELETE"), asked.ask)
    root = {
        "target": subject.document,
        "request": {"operation": "DELETE", "namespace": subject.ref.namespace},
    }
    context = Context(root, Environment(now, asked.ask))
    actions: list[Delete] = []
    findings: list[Finding] = []
    missing: set[LookupKey] = set()
    for rule in rules:
        try:
            if rule.matches(request) and _holds(rule, context):
                actions += _deletion(rule, subject, now)
        except MissingLookups as question:
            missing |= question.keys
        except ExpressionError as error:
            told = Rule("policy", rule.key, "cleanup")
            findings.append(Finding(told, subject.ref, Outcome.ERROR, error.message, now))
    if missing:
        raise MissingLookups(missing)
    return Evaluation(tuple(findings), tuple(actions), frozenset(asked.used))


def _holds(rule: CompiledCleanup, context: Context) -> bool:
    return rule.judge is None or rule.judge(context.child({}, rule.entries)).holds


def _deletion(rule: CompiledCleanup, subject: Resource, now: datetime) -> list[Delete]:
    at = rule.schedule.after(now)
    if at is None:
        return []
    return [Delete(subject.ref, f"{rule.key} cleans it up", (rule.key,), at, rule.propagation)]
