"""One rule on one resource, in the order in which the engine goes through it.

Follows `rule_run.RuleRun`: entries, preconditions, exceptions, the check.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from propolis.core.errors import Place
from propolis.core.finding import Outcome
from propolis.policy.engine.autogen import PREFIX
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.exceptions import CompiledException, compile_exceptions
from propolis.policy.engine.explain.assertion_trace import trace_assertion
from propolis.policy.engine.explain.cel_trace import CelTracer
from propolis.policy.engine.explain.check_trace import CheckTracer
from propolis.policy.engine.explain.condition_trace import trace_conditions
from propolis.policy.engine.explain.foreach_trace import trace_foreach
from propolis.policy.engine.explain.manifests_trace import trace_manifests
from propolis.policy.engine.explain.pod_security_trace import trace_pod_security
from propolis.policy.engine.explain.recording import Record, RecordingContext, recording
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET, Budget, Node, Path, Traced
from propolis.policy.engine.merging import merged
from propolis.policy.engine.pattern_tree import PatternTooDeepError
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.model.any import AnyException
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Cel, Validation


class RuleTracer:
    """Traces one rule; its paths begin at the rule."""

    def __init__(self, policy: Policy, rule: PolicyRule, exceptions: Sequence[AnyException]) -> None:
        self._policy = policy
        self._rule = rule
        self._exceptions = [one for one in exceptions if isinstance(one, PolicyException)]
        self._excepted = compile_exceptions(self._exceptions, policy, rule.name)

    def trace(self, request: Request, context_of: ContextOf, budget: Budget, now: datetime) -> Traced:
        """What the rule says of a request that it is for.

        Raises:
            MissingLookups: Something is to be looked up.
        """
        context = self.context(request, context_of, budget)
        nodes: list[Node] = []
        rule = self._rule
        if rule.preconditions:
            holds, problem, found = trace_conditions(rule.preconditions, context, ("preconditions",), budget)
            word = ERROR if problem else MET if holds else SKIPPED
            nodes.append(
                Node(
                    "preconditions", "", word, note=problem, source=("preconditions",), children=tuple(found)
                )
            )
            if not holds:
                outcome = Outcome.ERROR if problem else Outcome.SKIP
                return Traced(outcome, (*self._entries_told(context), *nodes))
        let_off = [self._exception(one, request, context, nodes) for one in self._excepted]
        kept = [one for one in let_off if one is not None]
        if any(not one.pod_security for one in kept):
            return Traced(Outcome.SKIP, (*self._entries_told(context), *nodes))
        traced = self._checked(request, context, kept, budget, now)
        return Traced(traced.outcome, (*self._entries_told(context), *nodes, *traced.nodes))

    def context(self, request: Request, context_of: ContextOf, budget: Budget) -> RecordingContext:
        """The rule's context, as `RuleRun` makes it, with a record."""
        record = Record(budget)
        base = self._rule.name.removeprefix(PREFIX).removeprefix("cronjob-")
        values = request.subject.rule_values.get(base) or {}
        context = recording(context_of(), record)
        made = compile_entries(self._rule.context, self._policy.namespace)
        entries = record.entries(made, ())
        return context.child(merged(context.root, values) if values else {}, entries, frozenset(values))

    def _entries_told(self, context: RecordingContext) -> list[Node]:
        """The entries of the rule: with their values where something asked for them."""
        nodes: list[Node] = []
        for index, entry in enumerate(self._rule.context or ()):
            source: Path = ("context", index)
            told = context.record.entry_node(index)
            if told is not None:
                nodes.append(told)
            elif entry.name in context.given and entry.variable is None:
                note = "the values that were given count instead"
                nodes.append(Node("context", entry.name, "", note=note, source=source))
            else:
                nodes.append(Node("context", entry.name, "", note="nothing asked for it", source=source))
        return nodes

    def _exception(
        self, one: CompiledException, request: Request, context: RecordingContext, nodes: list[Node]
    ) -> CompiledException | None:
        lets_off = one.lets_off(request, context)
        context.record.taken()
        is_matched = one.matches(request)
        origin = next((item.origin for item in self._exceptions if item.key == one.key), None)
        place = Place(origin.path, origin.line) if origin else None
        why = "lets the resource off" if lets_off else "matches, but its conditions do not hold"
        why = why if lets_off or is_matched else "does not match"
        if lets_off and one.pod_security:
            why = "lets controls off: " + ", ".join(item.control_name for item in one.pod_security)
        nodes.append(Node("exception", one.key, SKIPPED if lets_off else UNMET, note=why, place=place))
        return one if lets_off else None

    def _checked(
        self,
        request: Request,
        context: RecordingContext,
        kept: list[CompiledException],
        budget: Budget,
        now: datetime,
    ) -> Traced:
        rule, validation = self._rule, self._rule.validation
        feature = unsupported_feature(rule)
        if feature:
            node = Node("check", feature, ERROR, note="this engine does not evaluate it", source=())
            return Traced(Outcome.ERROR, (node,))
        if validation is None:
            return Traced(None)
        needs_object = any(
            way is not None for way in (validation.pattern, validation.any_pattern, validation.pod_security)
        )
        if needs_object and request.operation == "DELETE":
            return Traced(None, (Node("check", "", SKIPPED, note="a deletion brings no object", source=()),))
        if validation.cel is not None:
            return self._cel(validation.cel, request, budget, now)
        try:
            return self._validation(validation, request.document, context, kept, budget)
        except PatternTooDeepError as error:
            return Traced(Outcome.ERROR, (Node("pattern", "", ERROR, note=error.message),))

    def _cel(self, cel: Cel, request: Request, budget: Budget, now: datetime) -> Traced:
        """The expressions; what they come to together is the engine's to say."""
        tracer = CelTracer(Expressions("ClusterPolicy"), request, now, budget)
        source: Path = ("validate", "cel")
        nodes = [
            *tracer.conditions(self._rule.cel_preconditions, ("celPreconditions",)),
            *tracer.variables(cel.variables, (*source, "variables")),
            *tracer.validations(cel.expressions, (*source, "expressions")),
        ]
        return Traced(None, tuple(nodes))

    def _validation(
        self,
        validation: Validation,
        document: Any,
        context: RecordingContext,
        kept: list[CompiledException],
        budget: Budget,
    ) -> Traced:
        source: Path = ("validate",)
        tracer = CheckTracer(document, budget, self._policy.namespace)
        if validation.assertion is not None:
            return trace_assertion(validation.assertion, context, (*source, "assert"), budget)
        if validation.manifests is not None:
            return trace_manifests(validation.manifests, document, context, (*source, "manifests"))
        if validation.pod_security is not None:
            at = (*source, "podSecurity")
            return trace_pod_security(validation.pod_security, kept, document, at, budget)
        if validation.foreach is not None and validation.deny is None and validation.pattern is None:
            return trace_foreach(tracer, validation.foreach, context, document, (*source, "foreach"))
        return tracer.trace(validation, context, document, source, ())
