"""GeneratingPolicy: what expressions and templates make exist, as actions.

Follows Kyverno pkg/cel/policies/gpol @ v1.19.1 as a function of values: what exists is asked for by look-ups.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.core.resource import Document, ResourceRef, reference_of
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.generator import Generator
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.jmespath import Environment
from propolis.policy.engine.cel.activation import OBJECT, OLD_OBJECT, Activation
from propolis.policy.engine.cel.environments import GENERATOR
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.cel.mutating import plain
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.template import Render
from propolis.policy.engine.cel.validating import annotations_of
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.downstream import Maker, Target, copied, upkeep
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.action import PolicyAction

MOST_MADE = 1_000
"""Resources that one policy may generate for one request."""


class Generation(msgspec.Struct, frozen=True):
    """One entry of ``generate``: a program that applies, or the documents of a template."""

    program: Program | None = None
    templates: Sequence[Render] = ()


def compile_generations(
    generations: Sequence[Generation], annotations: Mapping[str, Program], maker: Maker
) -> Judge:
    """Generations as a function; its results carry what is to be created or updated."""

    def judge(activation: Activation, runtime: Runtime) -> RuleResult:
        generator = activation[GENERATOR] = Generator()
        trigger = activation[OBJECT] or activation[OLD_OBJECT]
        try:
            for one in generations:
                _generate(one, generator, activation, runtime, maker.namespace)
            found = annotations_of(annotations, activation, runtime)
            actions = tuple(_actions(generator, trigger, runtime, maker))
        except (EvaluationError, ContextError) as error:
            return RuleResult(Outcome.ERROR, f"failed to evaluate policy: {error.message}")
        evidence = CelEvidence(annotations=found) if found else None
        return RuleResult(Outcome.PASS, "policy evaluated successfully", evidence, actions=actions)

    return judge


def _generate(
    one: Generation, generator: Generator, activation: Activation, runtime: Runtime, namespace: str
) -> None:
    if one.program is not None:
        one.program.evaluate(activation, runtime)
    for render in one.templates:
        document = render(activation, runtime)
        if not isinstance(document, dict):
            raise EvaluationError("failed to render generation template: it gives no object")
        generator.apply(_namespace(document, namespace), [document])


def _namespace(document: Document, own: str) -> str:
    """Where a document of a template goes. A namespaced policy makes nothing elsewhere."""
    stated = reference_of(document).namespace
    if own and stated not in ("", own):
        raise EvaluationError(
            f'cross-namespace generation denied: a policy in namespace "{own}" '
            f'cannot generate resources into namespace "{stated}"'
        )
    return stated or own


def _actions(generator: Generator, trigger: Any, runtime: Runtime, maker: Maker) -> Iterator[PolicyAction]:
    if len(generator.made) > MOST_MADE:
        raise EvaluationError(f"the policy generates more than {MOST_MADE} resources")
    context = Context({}, Environment(runtime.now, runtime.ask))
    questions = Questions()
    actions: list[PolicyAction] = []
    for namespace, made in generator.made:
        target = _target(namespace, plain(made))
        with questions:
            actions += upkeep(context, target, trigger if isinstance(trigger, dict) else {}, maker)
    questions.ask()
    yield from actions


def _target(namespace: str, document: Any) -> Target:
    """What is to be there: a document that was read elsewhere without what belongs to that one alone."""
    ref = reference_of(document if isinstance(document, dict) else {})
    if not ref.kind or not ref.name:
        raise EvaluationError("what is generated has no kind or no name")
    target = ResourceRef(ref.api_version, ref.kind, ref.name, namespace or ref.namespace)
    metadata = document.get("metadata")
    is_read = isinstance(metadata, dict) and "resourceVersion" in metadata
    return Target(target, copied(document, target) if is_read else document)
