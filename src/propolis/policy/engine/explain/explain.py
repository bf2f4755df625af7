"""The door: one rule, a subject, look-ups and the time in; an explanation out."""

from collections.abc import Sequence
from datetime import datetime

from propolis.core.evaluation import Lookups
from propolis.core.finding import Outcome
from propolis.lang.jmespath import Environment
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.evaluate import Decision, evaluate, lazy_context
from propolis.policy.engine.explain.changes import Explained, changes_of
from propolis.policy.engine.explain.explanation import (
    NO_MATCH,
    NOTHING,
    RuleExplanation,
    way_of,
)
from propolis.policy.engine.explain.match_trace import is_kind_known, trace_match
from propolis.policy.engine.explain.rule_trace import RuleTracer
from propolis.policy.engine.explain.rules import PairedRule
from propolis.policy.engine.explain.sources import below
from propolis.policy.engine.explain.trace import ERROR, MOST_NODES, Budget, Node, Traced
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.any import AnyException
from propolis.policy.model.rule import PolicyRule


def explain(
    pair: PairedRule,
    exceptions: Sequence[AnyException],
    subject: PolicySubject,
    lookups: Lookups,
    now: datetime,
    most_nodes: int = MOST_NODES,
) -> Explained:
    """Judges a subject by one rule with the engine, and traces the rule beside it.

    Raises:
        MissingLookups: All look-ups that the rule stopped for.
    """
    decision = evaluate(pair.alone, subject, lookups, now)
    budget = Budget(most_nodes)
    is_for, traced = _traced(pair, exceptions, subject, lookups, now, budget)
    found = decision.findings[0] if decision.findings else None
    outcome = _word(pair, found.outcome if found else None, is_for=is_for)
    told = traced.outcome
    if told is None and is_for and not _is_traced(pair.rule):
        told = _engine_outcome(decision)
    explanation = RuleExplanation(
        policy=pair.compiled.rule.policy,
        rule=pair.rule.name,
        way=way_of(pair.rule),
        outcome=outcome,
        traced=_word(pair, told, is_for=is_for),
        message=found.message if found else "",
        nodes=tuple(below(node, pair.base, pair.shift) for node in traced.nodes),
        untold=budget.dropped,
        changes=tuple(changes_of(decision.actions, subject.resource.document)),
        base=pair.base,
    )
    return Explained(decision.findings, decision.actions, decision.used, None, explanation)


def _traced(
    pair: PairedRule,
    exceptions: Sequence[AnyException],
    subject: PolicySubject,
    lookups: Lookups,
    now: datetime,
    budget: Budget,
) -> tuple[bool, Traced]:
    """Whether the rule is for the subject, and its trace."""
    asked = Asked(lookups)
    request = Request(subject, asked.ask)
    try:
        is_for, nodes = trace_match(pair.rule.match, pair.rule.exclude, pair.compiled, request, ())
        is_for = is_for and is_kind_known(pair.compiled, request)
        if not is_for:
            return False, Traced(None, tuple(nodes))
        context_of = lazy_context(request, Environment(now, asked.ask))
        tracer = RuleTracer(pair.policy, pair.rule, exceptions)
        traced = tracer.trace(request, context_of, budget, now)
    except RecursionError:
        node = Node("rule", "", ERROR, note="the resource is nested too deep for this rule")
        return True, Traced(Outcome.ERROR, (node,))
    return True, Traced(traced.outcome, (*nodes, *traced.nodes))


def _word(pair: PairedRule, outcome: Outcome | None, *, is_for: bool) -> str:
    """The outcome, or why there is none; a failure of a rule that is not scored is a warning."""
    if outcome is None:
        return NOTHING if is_for else NO_MATCH
    if outcome is Outcome.FAIL and not pair.compiled.rule.scored:
        return str(Outcome.WARN)
    return str(outcome)


def _is_traced(rule: PolicyRule) -> bool:
    """Whether the trace of a check comes to an outcome by itself."""
    return rule.validation is not None and rule.validation.cel is None


def _engine_outcome(decision: Decision) -> Outcome | None:
    """What a rule came to whose check is not traced to an outcome: it makes something, or speaks CEL."""
    return decision.findings[0].outcome if decision.findings else None
