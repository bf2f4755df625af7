"""Generated code against walkers of trees: the reference evaluator of patterns, the package of JMESPath."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import jmespath

from propolis.core.resource import Document
from propolis.lang.jmespath import compile_expression
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.model import parse_policy
from tests.bench._policies import (
    MANY_RESOURCES,
    SOME_RESOURCES,
    four_policies,
    resource,
    resources,
    seconds_of_each,
    sixty_five_policies,
    subjects,
)
from tests.property.policy.reference_pattern import judge

NOW = datetime(2026, 11, 21, tzinfo=UTC)
EXPRESSIONS = (
    "spec.containers[?securityContext.runAsNonRoot].{name: name, image: image} | [0].image",
    "spec.containers[].securityContext.capabilities.drop[] | contains(@, 'ALL')",
    "metadata.labels.app || metadata.name",
    "length(spec.volumes[?name=='data' && !hostPath])",
)
Pairs = list[tuple[Any, Document]]


def pairs(policies: list[Document], documents: list[Document]) -> Pairs:
    """Every resource with every pattern that is for it, in the order of an evaluation."""
    rules = [rule for policy in policies for rule in policy["spec"]["rules"]]
    return [
        (rule["validate"]["pattern"], one)
        for one in documents
        for rule in rules
        if one["kind"] in rule["match"]["any"][0]["resources"]["kinds"]
    ]


def walked(found: Pairs) -> Callable[[], object]:
    return lambda: [judge(pattern, document) for pattern, document in found]


def called(found: Pairs) -> Callable[[], object]:
    made: dict[int, Any] = {}
    checks = [(made.setdefault(id(pattern), compile_pattern(pattern)), one) for pattern, one in found]
    return lambda: [check(document, {}) for check, document in checks]


def decided(policies: list[Document], documents: list[Document]) -> Callable[[], object]:
    rules = compile_policies([parse_policy(policy) for policy in policies])
    found = subjects(documents)
    return lambda: [evaluate(rules, subject, {}, NOW) for subject in found]


def pattern_lines(policies: list[Document], count: int) -> list[str]:
    documents = resources(count)
    found = pairs(policies, documents)
    reference, code, whole = seconds_of_each(walked(found), called(found), decided(policies, documents))
    what = f"{count:,} resources x {len(policies)} pattern rules, documents loaded"
    walker = "the tree-walking reference evaluator of the patterns"
    return [
        f"{what}: the patterns are evaluated {reference / code:.1f}x as fast as by {walker}",
        f"{what}: whole decisions with their findings take {reference / whole:.1f}x less than {walker} alone",
    ]


def expression_lines() -> list[str]:
    document = resource(1, "Pod")
    lines = []
    for text in EXPRESSIONS:
        own, library = compile_expression(text), jmespath.compile(text)
        if own.search(document) != library.search(document):
            raise AssertionError(text)
        works = partial(library.search, document), partial(own.search, document)
        reference, taken = seconds_of_each(*works, rounds=2000)
        ratio = reference / taken
        lines.append(f"JMESPath {text}: {ratio:.1f}x as fast as the jmespath package")
    return lines


def run() -> list[str]:
    """Lines for patterns and for expressions."""
    return [
        *pattern_lines(four_policies(), MANY_RESOURCES),
        *pattern_lines(sixty_five_policies(only_patterns=True), SOME_RESOURCES),
        *expression_lines(),
    ]
