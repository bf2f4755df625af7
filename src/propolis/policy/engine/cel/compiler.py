"""A CEL policy to compiled rules: the policy itself, and what it means for controllers of pods."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from propolis.core.finding import Rule, Severity
from propolis.policy.engine.cel.admission import compile_admission
from propolis.policy.engine.cel.autogen import for_controllers
from propolis.policy.engine.cel.constraints import compile_constraints, selectors_of
from propolis.policy.engine.cel.exceptions import compile_cel_exceptions
from propolis.policy.engine.cel.mutating import Change, compile_changes
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.cel.run import CelRun, Guards, Judge
from propolis.policy.engine.cel.validating import compile_checks
from propolis.policy.engine.enforcement import Enforcement
from propolis.policy.engine.policy_set import CompiledRule, ContextOf, Phase
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import KUBERNETES, CelPolicy, MutatingSpec, ValidatingSpec

SOURCE = "policy"


class CelExtras(msgspec.Struct, frozen=True):
    """What belongs to policies: exceptions to them, bindings of them."""

    exceptions: Sequence[CelException] = ()
    bindings: Sequence[Binding] = ()


NO_EXTRAS = CelExtras()


def compile_cel_policy(
    policy: CelPolicy, number: int, extras: CelExtras = NO_EXTRAS
) -> Iterator[CompiledRule]:
    """The rules of a policy; one that cannot be compiled gives a rule that says so on every resource."""
    for one in (policy, *for_controllers(policy)):
        yield _compile(one, number, extras)


def _compile(policy: CelPolicy, number: int, extras: CelExtras) -> CompiledRule:
    constraints = getattr(policy.spec, "match_constraints", None)
    try:
        run: Callable[[Request, ContextOf], RuleResult | None] = _run(policy, extras)
    except PolicyError as error:
        run = _always(error.result)
    return CompiledRule(
        rule=finding_rule(policy),
        policy=number,
        selectors=selectors_of(constraints),
        only_kinds=None,
        matches=compile_constraints(constraints, policy.namespace),
        run=run,
        phase=Phase.MUTATE if isinstance(policy.spec, MutatingSpec) else Phase.JUDGE,
        enforcement=_enforcement(policy),
        in_background=_in_background(policy),
    )


def _always(result: RuleResult) -> Callable[[Request, ContextOf], RuleResult | None]:
    return lambda _request, _context_of: result


def _run(policy: CelPolicy, extras: CelExtras) -> CelRun:
    """The policy at run time. Raises `PolicyError`."""
    spec = policy.spec
    expressions = Expressions(policy.group, policy.namespace)
    conditions = expressions.conditions(getattr(spec, "match_conditions", None), "matchConditions")
    expressions.add_variables(getattr(spec, "variables", None))
    guards = Guards(
        expressions.variables,
        conditions,
        compile_cel_exceptions(extras.exceptions, policy, expressions),
        ignores_errors=getattr(spec, "failure_policy", None) == "Ignore",
        failed="failed to evaluate policy" if isinstance(spec, MutatingSpec) else "failed to load context",
    )
    return CelRun(guards, _judge(policy, expressions))


def _judge(policy: CelPolicy, expressions: Expressions) -> Judge:
    spec = policy.spec
    annotations = expressions.annotations(getattr(spec, "audit_annotations", None))
    match spec:
        case ValidatingSpec() if policy.group == KUBERNETES:
            return compile_admission(expressions.checks(spec.validations), annotations)
        case ValidatingSpec():
            return compile_checks(expressions.checks(spec.validations), annotations)
        case MutatingSpec():
            may_replace = bool(spec.evaluation and spec.evaluation.use_server_side_apply)
            return compile_changes(_changes(spec, expressions), annotations, may_replace=may_replace)
    raise NotImplementedError


def _changes(spec: MutatingSpec, expressions: Expressions) -> list[Change]:
    changes = []
    for index, one in enumerate(spec.mutations or ()):
        applies = one.patch_type == "ApplyConfiguration"
        field = "applyConfiguration" if applies else "jsonPatch"
        patch = one.apply_configuration if applies else one.json_patch
        text = patch.expression if patch else ""
        changes.append(Change(expressions.program(text, "mutations", index, field, "expression"), applies))
    return changes


def _enforcement(policy: CelPolicy) -> Enforcement | None:
    """When the policy refuses: by its actions, errors by its failure policy."""
    spec = policy.spec
    on_error = getattr(spec, "failure_policy", None) != "Ignore"
    if isinstance(spec, MutatingSpec):
        return Enforcement(on_error, (), on_error, allows_existing=False)
    actions = getattr(spec, "validation_actions", None) or ("Deny",)
    return Enforcement("Deny" in actions, (), on_error, allows_existing=False)


def _in_background(policy: CelPolicy) -> bool:
    evaluation = getattr(policy.spec, "evaluation", None)
    if isinstance(policy.spec, MutatingSpec):
        existing = evaluation.mutate_existing if evaluation else None
        return bool(existing and existing.enabled)
    background = evaluation.background if evaluation else None
    return background is None or background.enabled is not False


def finding_rule(policy: CelPolicy) -> Rule:
    """What the findings of a policy speak for; a CEL policy is one rule, without a name of its own."""
    severity = policy.annotation("severity").lower()
    return Rule(
        source=SOURCE,
        policy=f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name,
        name="",
        title=policy.annotation("title") or policy.name,
        severity=Severity(severity) if severity in set(Severity) else Severity.MEDIUM,
        category=policy.annotation("category"),
        remedy=policy.annotations.get("propolis.dev/remedy", ""),
        remediation=policy.annotations.get("propolis.dev/remediation", ""),
        scored=policy.annotation("scored") != "false",
    )
