"""What the shape of a CEL policy does not tell: fields that its kind has not, names that stand twice.

Facts from the validation of admissionregistration.k8s.io/v1 and the CustomResourceDefinitions of Kyverno.
"""

from collections.abc import Iterator

from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.cel.policy import (
    KUBERNETES,
    MODES,
    CelPolicy,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.problem import Problem

MOST_CONDITIONS = 64
"""Match conditions of one policy, as the API server allows."""

_KYVERNO_ONLY = (
    "evaluation", "autogen", "webhook_configuration", "validation_actions", "target_match_constraints",
    "target_match_conditions",
)  # fmt: skip
_NAMED = ("match_conditions", "target_match_conditions", "variables", "conditions", "images")


def check_policy(policy: CelPolicy) -> Problem | None:
    """The first thing that is wrong with a policy, its path below ``spec``; None where nothing is."""
    return next(_problems(policy), None)


def _problems(policy: CelPolicy) -> Iterator[Problem]:
    spec = policy.spec
    foreign = _KYVERNO_ONLY if policy.group == KUBERNETES else ("param_kind",)
    for field in foreign:
        if getattr(spec, field, None) is not None:
            yield Problem(f"a {policy.kind} has no such field", (_camel(field),))
    if policy.group == KUBERNETES and not getattr(spec, "match_constraints", None):
        yield Problem("nothing says which requests it is for", (), "matchConstraints")
    if policy.mode not in MODES:
        path = ("evaluation", "mode")
        yield Problem(f"there is no mode {policy.mode[:40]!r}", path, f"one of {', '.join(MODES)}")
    for field in _NAMED:
        yield from _names(getattr(spec, field, None) or (), _camel(field))
    match spec:
        case ValidatingSpec() | ImageValidatingSpec():
            if not spec.validations and not spec.audit_annotations:
                yield Problem("nothing is validated", (), "validations or auditAnnotations")
        case MutatingSpec():
            yield from _mutations(spec)
        case GeneratingSpec():
            yield from _generators(spec)


def _names(entries: tuple[NamedExpression, ...], field: str) -> Iterator[Problem]:
    if field == "matchConditions" and len(entries) > MOST_CONDITIONS:
        yield Problem(f"there are {len(entries)} conditions", (field,), f"at most {MOST_CONDITIONS}")
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if not entry.expression.strip():
            yield Problem("the expression is empty", (field, index, "expression"), "an expression of CEL")
        if entry.name in seen:
            yield Problem(f"two are called {entry.name!r}", (field, index, "name"), "a name of its own")
        seen.add(entry.name)


def _mutations(spec: MutatingSpec) -> Iterator[Problem]:
    if not spec.mutations:
        yield Problem("nothing is changed", ("mutations",), "at least one mutation")
    for index, mutation in enumerate(spec.mutations or ()):
        is_patch = mutation.patch_type == "JSONPatch"
        given = mutation.json_patch if is_patch else mutation.apply_configuration
        if given is None or not given.expression.strip():
            field = "jsonPatch" if is_patch else "applyConfiguration"
            yield Problem(
                "the mutation has no expression", ("mutations", index, field), "an expression of CEL"
            )


def _generators(spec: GeneratingSpec) -> Iterator[Problem]:
    for index, generator in enumerate(spec.generate):
        if (generator.expression is None) == (generator.template is None):
            yield Problem("it does not say one thing", ("generate", index), "one of expression and template")


def _camel(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(word.capitalize() for word in others)
