"""What each kind of CEL policy does once it is known to be for a request."""

from collections.abc import Callable, Mapping
from functools import partial

from propolis.core.errors import DocumentError
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.program import Program
from propolis.lang.cron import parse_schedule
from propolis.policy.engine.cel.admission import compile_admission
from propolis.policy.engine.cel.deleting import compile_deletion
from propolis.policy.engine.cel.generating import Generation, compile_generations
from propolis.policy.engine.cel.image_validating import (
    compile_image_check,
    compile_image_validation,
    compile_references,
    verification_library,
)
from propolis.policy.engine.cel.mutating import Change, compile_changes
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.template import TemplateError, compile_template
from propolis.policy.engine.cel.validating import compile_checks
from propolis.policy.engine.downstream import Maker
from propolis.policy.model.cel.policy import (
    KUBERNETES,
    CelPolicy,
    DeletingSpec,
    GeneratingSpec,
    Generator,
    ImageValidatingSpec,
    MutatingSpec,
)


def compile_judge(policy: CelPolicy, expressions: Expressions) -> Judge:
    """The work of a policy as a function.

    Raises:
        PolicyError: An expression, a template or the schedule cannot be used.
    """
    spec = policy.spec
    if isinstance(spec, DeletingSpec):
        return _deletion(policy, spec, expressions)
    annotations = expressions.annotations(spec.audit_annotations)
    if isinstance(spec, MutatingSpec):
        replaces = bool(spec.evaluation and spec.evaluation.use_server_side_apply)
        return compile_changes(_changes(spec, expressions), annotations, may_replace=replaces)
    if isinstance(spec, GeneratingSpec):
        made = [_generation(one, index, expressions) for index, one in enumerate(spec.generate)]
        return compile_generations(made, annotations, _maker(policy, spec))
    if isinstance(spec, ImageValidatingSpec):
        return _image_validation(spec, expressions, annotations)
    compiler = compile_admission if policy.group == KUBERNETES else compile_checks
    return compiler(expressions.checks(spec.validations), annotations)


def _image_validation(
    spec: ImageValidatingSpec, expressions: Expressions, annotations: Mapping[str, Program]
) -> Judge:
    is_matched = compile_references(spec, expressions)
    expressions.add_library(verification_library(spec, is_matched))
    check = compile_image_check(spec, expressions, is_matched)
    return compile_image_validation(check, expressions.checks(spec.validations), annotations)


def _changes(spec: MutatingSpec, expressions: Expressions) -> list[Change]:
    changes = []
    for index, one in enumerate(spec.mutations or ()):
        applies = one.patch_type == "ApplyConfiguration"
        field = "applyConfiguration" if applies else "jsonPatch"
        patch = one.apply_configuration if applies else one.json_patch
        text = patch.expression if patch else ""
        changes.append(Change(expressions.program(text, "mutations", index, field, "expression"), applies))
    return changes


def _generation(one: Generator, index: int, expressions: Expressions) -> Generation:
    template = one.template
    if template is None:
        return Generation(expressions.program(one.expression or "", "generate", index, "expression"))
    path = ("generate", index, "template", "value")
    compiler: Callable[[str], Program] = partial(_at, expressions, path)
    try:
        renders = compile_template(template.value, compiler, is_interpolated=template.interpolate == "cel")
    except TemplateError as error:
        raise PolicyError(path, CelError(str(error))) from error
    return Generation(templates=renders)


def _at(expressions: Expressions, path: tuple[str | int, ...], text: str) -> Program:
    return expressions.program(text, *path)


def _maker(policy: CelPolicy, spec: GeneratingSpec) -> Maker:
    evaluation = spec.evaluation
    synchronize = evaluation.synchronize if evaluation else None
    return Maker(
        policy.name,
        policy.namespace,
        "",
        synchronizes=bool(synchronize and synchronize.enabled),
        applies=bool(spec.use_server_side_apply),
    )


def _deletion(policy: CelPolicy, spec: DeletingSpec, expressions: Expressions) -> Judge:
    try:
        schedule = parse_schedule(spec.schedule)
    except DocumentError as error:
        raise PolicyError(("schedule",), CelError(error.message)) from error
    conditions = expressions.conditions(spec.conditions, "conditions")
    propagation = spec.deletion_propagation_policy or ""
    return compile_deletion(conditions, schedule, policy.key, propagation)
