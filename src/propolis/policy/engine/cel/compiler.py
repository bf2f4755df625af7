"""A CEL policy to compiled rules: the policy itself, and what it means for controllers of pods."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from propolis.core.finding import Rule, Severity
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.libraries.kyverno.generator import GENERATOR_TYPE
from propolis.lang.cel.types import STRING, Type
from propolis.policy.engine.cel.authorization import AuthorizationRun, compile_answers
from propolis.policy.engine.cel.autogen import can_be_moved, for_controllers
from propolis.policy.engine.cel.constraints import (
    Test,
    compile_constraints,
    decided_by_index,
    joined,
    of_any_operation,
    reach_of_constraints,
    selectors_of,
)
from propolis.policy.engine.cel.environments import GENERATOR, REQUESTS
from propolis.policy.engine.cel.exceptions import compile_cel_exceptions
from propolis.policy.engine.cel.existing import ExistingRun
from propolis.policy.engine.cel.extraction import NOT_CHANGED, ExtractionRun, for_custom_workloads
from propolis.policy.engine.cel.image_validating import REFERENCE
from propolis.policy.engine.cel.image_validating import VARIABLES as IMAGE_VARIABLES
from propolis.policy.engine.cel.judges import compile_judge
from propolis.policy.engine.cel.programs import Expressions, PolicyError, bound_of
from propolis.policy.engine.cel.run import CelRun, Form, Guards, Parameters
from propolis.policy.engine.enforcement import Enforcement
from propolis.policy.engine.policy_set import RESOURCES, CompiledRule, ContextOf, Phase
from propolis.policy.engine.reported import reported_of_cel
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.match import MatchConstraints
from propolis.policy.model.cel.policy import (
    KUBERNETES,
    CelPolicy,
    DeletingSpec,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.cel.settings import Evaluation, Switch

SOURCE = "policy"

Run = Callable[[Request, ContextOf], RuleResult | None]

_JSON = "JSON"
_SUBJECTS = {"Kubernetes": RESOURCES, _JSON: frozenset({*RESOURCES, _JSON})}
"""What policies in a mode are for: those for documents see resources as documents too."""


class CelExtras(msgspec.Struct, frozen=True):
    """What belongs to policies: exceptions to them, bindings of them.

    Attributes:
        lists_parameters: Whether parameters that a selector finds come as one list, as in tests of Kyverno;
            the API server evaluates a policy by each of them.
    """

    exceptions: Sequence[CelException] = ()
    bindings: Sequence[Binding] = ()
    lists_parameters: bool = False


NO_EXTRAS = CelExtras()

_PHASES: dict[type, Phase] = {
    MutatingSpec: Phase.MUTATE,
    ImageValidatingSpec: Phase.VERIFY,
    GeneratingSpec: Phase.GENERATE,
    DeletingSpec: Phase.DELETE,
}


_MORE: dict[type, Mapping[str, Type]] = {
    ImageValidatingSpec: {**IMAGE_VARIABLES, REFERENCE: STRING},
    GeneratingSpec: {GENERATOR: GENERATOR_TYPE},
}
"""Variables that some kinds have besides those of all."""


def compile_cel_policy(
    policy: CelPolicy, number: int, extras: CelExtras = NO_EXTRAS
) -> Iterator[CompiledRule]:
    """The rules of a policy; one that cannot be compiled gives a rule that says so on every resource."""
    bindings = _bindings_of(policy, extras)
    for one in (policy, *for_controllers(policy)):
        for binding in bindings or (None,):
            yield _compile(one, number, extras, binding)
    custom = for_custom_workloads(policy) if can_be_moved(policy) else None
    if custom is not None:
        made = _compile(custom, number, extras, None)
        is_mutation = isinstance(policy.spec, MutatingSpec)
        run = _always(NOT_CHANGED) if is_mutation else ExtractionRun(made.run)
        yield msgspec.structs.replace(made, run=run)


def _bindings_of(policy: CelPolicy, extras: CelExtras) -> list[Binding]:
    """The bindings of a policy of the API server; without any it stands for every request that it matches."""
    if policy.group != KUBERNETES:
        return []
    return [
        one
        for one in extras.bindings
        if one.kind == f"{policy.kind}Binding" and one.spec.policy_name == policy.name
    ]


def _compile(policy: CelPolicy, number: int, extras: CelExtras, binding: Binding | None) -> CompiledRule:
    constraints = _constraints(policy)
    try:
        run = compile_any(policy, extras, binding)
    except PolicyError as error:
        run = _always(error.result)
    of_binding = compile_constraints(binding.spec.match_resources if binding else None)
    tests = [test for test in (_constraints_test(policy), of_binding) if test is not None]
    if isinstance(policy.spec, ValidatingSpec) and policy.mode not in RESOURCES:
        constraints, tests = None, []
    return CompiledRule(
        rule=finding_rule(policy, binding.name if binding else ""),
        policy=number,
        selectors=selectors_of(constraints),
        only_kinds=None,
        matches=joined(tests),
        run=run,
        phase=_PHASES.get(type(policy.spec), Phase.JUDGE),
        enforcement=_enforcement(policy, binding),
        in_background=_in_background(policy),
        reach=reach_of_constraints(constraints, policy.namespace),
        modes=_modes(policy),
    )


def _modes(policy: CelPolicy) -> frozenset[str]:
    """What subjects a policy is for."""
    spec = policy.spec
    if isinstance(spec, DeletingSpec):
        return _SUBJECTS[_JSON]
    if isinstance(spec, ImageValidatingSpec) and policy.mode == _JSON:
        return frozenset({_JSON})
    if isinstance(spec, ValidatingSpec):
        return _SUBJECTS.get(policy.mode) or frozenset({policy.mode})
    return RESOURCES


def _constraints(policy: CelPolicy) -> MatchConstraints | None:
    """What a policy is for: a deleting one for every operation, as Kyverno has it.

    The kinds of the API server must name operations; Kyverno's command takes one that does not for all.
    """
    stated = policy.spec.match_constraints
    if stated is None or not (isinstance(policy.spec, DeletingSpec) or policy.group == KUBERNETES):
        return stated
    return of_any_operation(stated, only_unsaid=policy.group == KUBERNETES)


def _constraints_test(policy: CelPolicy) -> Test | None:
    """Whether a policy is for a request; None where its selectors and its reach tell that alone."""
    constraints = _constraints(policy)
    if constraints is None:
        return _no_resource
    return None if decided_by_index(constraints) else compile_constraints(constraints, policy.namespace)


def _no_resource(request: Request) -> bool:
    """A policy that names no requests is for documents of other kinds alone."""
    return request.mode not in RESOURCES


def _always(result: RuleResult) -> Run:
    return lambda _request, _context_of: result


def compile_any(policy: CelPolicy, extras: CelExtras = NO_EXTRAS, binding: Binding | None = None) -> Run:
    """The policy at run time, whatever it is evaluated on.

    Raises:
        PolicyError: An expression of it cannot be used.
    """
    if policy.mode in REQUESTS and isinstance(policy.spec, ValidatingSpec):
        return compile_authorization(policy, extras)
    run = compile_run(policy, extras, binding)
    return _with_targets(policy, policy.spec, run) if isinstance(policy.spec, MutatingSpec) else run


def _with_targets(policy: CelPolicy, spec: MutatingSpec, run: CelRun) -> Run:
    """A mutating policy with the resources that it changes beside its trigger. Raises `PolicyError`."""
    evaluation, constraints = spec.evaluation or Evaluation(), spec.target_match_constraints
    if constraints is None or not _is_on(evaluation.mutate_existing, default=False):
        return run
    program = None
    if constraints.expression:
        expressions = Expressions(policy.base_kind, policy.namespace, is_metered=True)
        expressions.add_variables(spec.variables)
        program = expressions.program(constraints.expression, "targetMatchConstraints", "expression")
    return ExistingRun(run, constraints, program, policy.namespace, f"{policy.key}/")


def compile_run(policy: CelPolicy, extras: CelExtras = NO_EXTRAS, binding: Binding | None = None) -> CelRun:
    """The policy at run time.

    Raises:
        PolicyError: An expression of it cannot be used.
    """
    form, expressions = compile_form(policy, extras)
    conditions = [*form.guards.conditions]
    conditions += [program for one in form.guards.exceptions for program in one.conditions]
    return CelRun(
        form,
        bound_of(expressions, conditions),
        lambda: compile_form(policy, extras, is_metered=True)[0],
        _parameters(policy, extras, binding),
    )


def compile_authorization(policy: CelPolicy, extras: CelExtras = NO_EXTRAS) -> AuthorizationRun:
    """A policy that answers servers, at run time.

    Raises:
        PolicyError: An expression of it cannot be used.
    """
    spec = policy.spec
    if not isinstance(spec, ValidatingSpec):
        raise PolicyError(("evaluation", "mode"), CelError(f"a {policy.kind} answers no server"))
    expressions = Expressions(policy.mode, is_metered=True)
    conditions = expressions.conditions(spec.match_conditions, "matchConditions")
    expressions.add_variables(spec.variables)
    return AuthorizationRun(
        REQUESTS[policy.mode],
        conditions,
        compile_cel_exceptions(extras.exceptions, policy, expressions),
        expressions.variables,
        compile_answers(spec, policy.mode, expressions),
        ignores_errors=spec.failure_policy == "Ignore",
    )


def compile_form(
    policy: CelPolicy, extras: CelExtras = NO_EXTRAS, *, is_metered: bool = False
) -> tuple[Form, Expressions]:
    """The policy as functions, and its programs.

    Raises:
        PolicyError: An expression of it cannot be used.
    """
    spec = policy.spec
    expressions = Expressions(
        policy.base_kind, policy.namespace, _MORE.get(type(spec)), is_metered=is_metered
    )
    stated = None if isinstance(spec, DeletingSpec) else spec.match_conditions
    if isinstance(spec, MutatingSpec):  # only there conditions see variables
        expressions.add_variables(spec.variables)
    conditions = expressions.conditions(stated, "matchConditions")
    if not isinstance(spec, MutatingSpec):
        expressions.add_variables(spec.variables)
    exceptions = compile_cel_exceptions(extras.exceptions, policy, expressions)
    guards = Guards(
        expressions.environment,
        expressions.variables,
        conditions,
        exceptions,
        ignores_errors=getattr(spec, "failure_policy", None) == "Ignore",
        failed="failed to evaluate policy" if isinstance(spec, MutatingSpec) else "failed to load context",
        is_composited=policy.group == KUBERNETES,
    )
    adds = bool(exceptions) or not isinstance(spec, ValidatingSpec | DeletingSpec)
    sees_document = policy.mode == _JSON and isinstance(spec, ValidatingSpec | ImageValidatingSpec)
    return Form(guards, compile_judge(policy, expressions), adds, sees_document), expressions


def _parameters(policy: CelPolicy, extras: CelExtras, binding: Binding | None) -> Parameters | None:
    kind = getattr(policy.spec, "param_kind", None)
    ref = binding.spec.param_ref if binding else None
    if kind is None or ref is None:
        return None
    return Parameters(kind, ref, as_list=extras.lists_parameters and ref.selector is not None)


def _enforcement(policy: CelPolicy, binding: Binding | None) -> Enforcement | None:
    """When the policy refuses: by its actions, errors by its failure policy."""
    spec = policy.spec
    if isinstance(spec, GeneratingSpec | DeletingSpec):
        return None
    on_error = spec.failure_policy != "Ignore"
    if isinstance(spec, MutatingSpec):
        return Enforcement(on_error, (), on_error, allows_existing=False)
    stated = binding.spec.validation_actions if binding else spec.validation_actions
    actions = stated or ("Deny",)
    return Enforcement("Deny" in actions, (), on_error, allows_existing=False)


def _in_background(policy: CelPolicy) -> bool:
    """Whether a scan judges by it: what changes or makes resources only where the policy says so."""
    spec = policy.spec
    if isinstance(spec, DeletingSpec):
        return False
    evaluation = spec.evaluation or Evaluation()
    if isinstance(spec, MutatingSpec):
        return _is_on(evaluation.mutate_existing, default=False)
    if isinstance(spec, GeneratingSpec):
        return _is_on(evaluation.generate_existing, default=False)
    return _is_on(evaluation.background, default=True)


def _is_on(switch: Switch | None, *, default: bool) -> bool:
    return default if switch is None or switch.enabled is None else switch.enabled


def finding_rule(policy: CelPolicy, binding: str = "") -> Rule:
    """What the findings of a policy speak for; a CEL policy is one rule, without a name of its own.

    Args:
        policy: In CEL.
        binding: The one of its bindings by which it judges.
    """
    severity = policy.annotation("severity").lower()
    return Rule(
        source=SOURCE,
        policy=policy.key,
        name="",
        title=policy.annotation("title") or policy.name,
        severity=Severity(severity) if severity in set(Severity) else Severity.MEDIUM,
        category=policy.annotation("category"),
        remedy=policy.annotations.get("propolis.dev/remedy", ""),
        remediation=policy.annotations.get("propolis.dev/remediation", ""),
        scored=policy.annotation("scored") != "false",
        reported=reported_of_cel(policy, binding),
    )
