"""The door for policies in CEL: the engine's outcome, and every expression with its value."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from propolis.core.evaluation import Lookups
from propolis.lang.cel.library import Runtime
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.cel.run import CelRun
from propolis.policy.engine.cel.seen import Seen
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.cel_pairs import CelPair
from propolis.policy.engine.explain.cel_trace import CelTracer
from propolis.policy.engine.explain.changes import Explained, changes_of
from propolis.policy.engine.explain.explanation import NO_MATCH, NOTHING, RuleExplanation
from propolis.policy.engine.explain.match_trace import is_kind_known, kind_text
from propolis.policy.engine.explain.sources import below
from propolis.policy.engine.explain.trace import Budget, Node, outcome_word
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject


def explain_cel(pair: CelPair, subject: PolicySubject, lookups: Lookups, now: datetime) -> Explained:
    """Judges a subject by one policy, and traces its expressions.

    Raises:
        MissingLookups: All look-ups that the policy stopped for.
    """
    decision = evaluate(pair.alone, subject, lookups, now)
    request = Request(subject, Asked(lookups).ask)
    matches = pair.compiled.matches
    is_known = is_kind_known(pair.compiled, request) and pair.compiled.is_within(request)
    is_for = is_known and (matches is None or matches(request))
    found = decision.findings[0] if decision.findings else None
    outcome = str(found.outcome) if found else NOTHING if is_for else NO_MATCH
    budget = Budget()
    nodes = [Node("match", "matchConstraints", outcome_word(holds=is_for), kind_text(request),
                  source=("matchConstraints",))]  # fmt: skip
    nodes += _expressions(pair, request, now, budget) if is_for else ()
    explanation = RuleExplanation(
        policy=pair.compiled.rule.policy,
        rule=pair.compiled.rule.name or pair.policy.name,
        way=pair.policy.kind,
        outcome=outcome,
        traced=outcome,
        message=found.message if found else "",
        nodes=tuple(below(node, pair.base, 0) for node in nodes),
        untold=budget.dropped,
        changes=tuple(changes_of(decision.actions, subject.resource.document)),
        base=pair.base,
    )
    return Explained(decision.findings, decision.actions, decision.used, None, explanation)


def _expressions(pair: CelPair, request: Request, now: datetime, budget: Budget) -> Iterator[Node]:
    spec: Any = pair.policy.spec
    expressions = Expressions(pair.policy.base_kind, pair.policy.namespace)
    run = pair.compiled.run
    more = run.surroundings(Seen(request, Runtime(now, request.ask))) if isinstance(run, CelRun) else {}
    tracer = CelTracer(expressions, request, now, budget, more)
    yield from tracer.conditions(getattr(spec, "match_conditions", None), ("matchConditions",))
    yield from tracer.variables(getattr(spec, "variables", None), ("variables",))
    yield from tracer.conditions(getattr(spec, "conditions", None), ("conditions",))
    yield from tracer.validations(getattr(spec, "validations", None), ("validations",))
