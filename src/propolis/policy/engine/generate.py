"""Generate rules: resources that come with a trigger, from data or copied from others.

Follows Kyverno pkg/background/generate @ 111e07b as a function of values: what exists is asked for by
look-ups, what should be is given as actions. A rule that applies passes, whatever there is left to do.
"""

from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.core.resource import Document, ResourceRef, reference_of
from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.values import to_json
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.downstream import Maker, Target, copied, removal, upkeep
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.evidence import GoneSourceEvidence
from propolis.policy.engine.foreach import element_values, list_elements
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.targets import ask_resources
from propolis.policy.engine.validate import Validate
from propolis.policy.engine.variables import compile_document
from propolis.policy.model.action import Create, Delete, PolicyAction, Update
from propolis.policy.model.generation import ForEachGeneration, GeneratePattern, Generation

MOST_TARGETS = 1_000
"""Resources that one rule may generate for one trigger."""


class SourceGoneError(ContextError):
    """What is to be copied is not there.

    Attributes:
        copy: What it was to be copied to.
    """

    def __init__(self, message: str, copy: ResourceRef) -> None:
        super().__init__(message)
        self.copy = copy


def compile_generation(generation: Generation, maker: Maker) -> Validate:
    """A generate rule as a function; its results carry what is to be created, updated or deleted."""
    parts: list[_Loop | _Pattern] = [_Loop(item, maker) for item in generation.foreach or ()]
    parts = parts or [_Pattern(generation, maker)]

    def generate(context: Context, trigger: Document) -> RuleResult | None:
        if context.is_delete and not (maker.on_delete or maker.synchronizes):
            return None
        actions: list[PolicyAction] = []
        problems: list[str] = []
        gone: list[str] = []
        questions = Questions()
        for part in parts:
            try:
                targets = part.targets(context, questions)
                questions.ask()
                actions += _actions(context, targets, trigger, maker)
            except SourceGoneError as error:
                problems.append(error.message)
                gone.append(str(error.copy))
                actions += removal(context, error.copy, maker) if maker.synchronizes else ()
            except ExpressionError as error:
                problems.append(error.message)
        if problems:
            evidence = GoneSourceEvidence(tuple(gone)) if len(gone) == len(problems) else None
            return RuleResult(Outcome.ERROR, "; ".join(problems), evidence, actions=tuple(actions))
        return RuleResult(Outcome.PASS, _told(actions), actions=tuple(actions))

    return generate


def _actions(context: Context, targets: list[Target], trigger: Document, maker: Maker) -> list[PolicyAction]:
    if len(targets) > MOST_TARGETS:
        raise ContextError(f"the rule generates more than {MOST_TARGETS} resources")
    is_removal = context.is_delete and not maker.on_delete
    actions: list[PolicyAction] = []
    questions = Questions()
    for target in targets:
        with questions:
            actions += (
                removal(context, target.ref, maker) if is_removal else upkeep(context, target, trigger, maker)
            )
    questions.ask()
    return actions


def _told(actions: list[PolicyAction]) -> str:
    words = {Create: "creates", Update: "updates", Delete: "deletes"}
    return ", ".join(f"{words[type(action)]} {action.resource}" for action in actions) or "nothing to do"


class _Pattern:
    """One resource, or one list of copies."""

    def __init__(self, item: GeneratePattern, maker: Maker) -> None:
        self._maker = maker
        self._fields = compile_document(
            {
                "apiVersion": item.api_version or "",
                "kind": item.kind or "",
                "namespace": item.namespace or "",
                "name": item.name or "",
            }
        )
        self._data = compile_document(item.data) if item.data is not None else None
        self._clone = compile_document(msgspec.to_builtins(item.clone)) if item.clone else None
        self._clones = compile_document(msgspec.to_builtins(item.clone_list)) if item.clone_list else None

    def targets(self, context: Context, questions: Questions) -> list[Target]:
        """What is to be there.

        Raises:
            ExpressionError: A variable cannot be resolved, a source is missing, or the rule leaves its
                namespace.
        """
        with questions:
            return self._targets(context)
        return []

    def _targets(self, context: Context) -> list[Target]:
        fields = self._fields(context)
        if not all(isinstance(text, str) for text in fields.values()):
            raise ContextError("a field that names what is generated is no text")
        ref = ResourceRef(fields["apiVersion"], fields["kind"], fields["name"], fields["namespace"])
        self._stays(ref.namespace, "what it generates")
        if self._clones:
            return self._copies(context, ref.namespace, self._clones(context))
        if has_wildcard(ref.name) or has_wildcard(ref.namespace):
            raise ContextError(f"{ref} is no name for what is generated")
        if self._clone:
            return self._copy(context, ref, self._clone(context))
        data = self._data(context) if self._data else {}
        if not isinstance(data, dict):
            raise ContextError("the data of what is generated is no object")
        return [Target(ref, data)]

    def _stays(self, namespace: str, what: str) -> None:
        own = self._maker.namespace
        if own and namespace != own:
            raise ContextError(f"{what} is not in the policy's namespace {own}")

    def _copy(self, context: Context, ref: ResourceRef, source: dict[str, Any]) -> list[Target]:
        namespace, name = str(source.get("namespace") or ""), str(source.get("name") or "")
        self._stays(namespace, "the source of a copy")
        if (namespace, name) == (ref.namespace, ref.name):
            return []
        if context.is_delete and not self._maker.on_delete:
            return [Target(ref, {})]
        found = ask_resources(context, (ref.api_version, ref.kind, namespace, name, ""))
        if not found:
            raise SourceGoneError(f"source resource {ref.kind} {namespace}/{name} not found", ref)
        return [Target(ref, copied(found[0], ref))]

    def _copies(self, context: Context, namespace: str, source: dict[str, Any]) -> list[Target]:
        origin = str(source.get("namespace") or "")
        self._stays(origin, "the source of copies")
        selector = to_json(source["selector"]) if source.get("selector") else ""
        targets: list[Target] = []
        for text in source.get("kinds") or ():
            version, _, kind = str(text).rpartition("/")
            for document in ask_resources(context, (version, kind, origin, "", selector)):
                found = reference_of(document)
                ref = ResourceRef(found.api_version, found.kind, found.name, namespace)
                targets += [] if found.namespace == namespace else [Target(ref, copied(document, ref))]
        return targets


class _Loop:
    """Something generated for every element of a list."""

    def __init__(self, item: ForEachGeneration, maker: Maker) -> None:
        self._list = item.list or ""
        self._entries = compile_entries(item.context, maker.namespace)
        self._preconditions = compile_conditions(item.preconditions) if item.preconditions else None
        self._pattern = _Pattern(item, maker)

    def targets(self, context: Context, questions: Questions) -> list[Target]:
        """What is to be there for all elements whose preconditions are met."""
        found: list[Target] = []
        for index, element in enumerate(list_elements(self._list, context)):
            if element is None:
                continue
            inner = context.child(element_values(element, index, 0), self._entries)
            with questions:
                if self._preconditions is None or self._preconditions(inner).holds:
                    found += self._pattern.targets(inner, questions)
            if len(found) > MOST_TARGETS:
                break
        return found
