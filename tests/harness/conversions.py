"""Converts the policies of a corpus and asks the new ones about resources that no proof has seen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import msgspec

from propolis.core.evaluation import complete
from propolis.core.finding import Outcome
from propolis.core.resource import Resource
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.convert.admitted import is_admitted
from propolis.policy.engine.convert.settle import CONVERTED, Settled, settle
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.rules import paired_rules
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.model.cel.parse import is_cel_policy, parse_cel_policy
from propolis.policy.model.kyverno_test import TestDocument
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest
from tests.harness.policy_tests import NOW, cases

_encode = msgspec.json.Encoder(order="deterministic").encode
_NOTHING = PolicyTest("", TestDocument())
_REFUSES = {Outcome.FAIL, Outcome.WARN, Outcome.ERROR}


@cache
def _tests(corpus: str) -> dict[str, list[PolicyTest]]:
    return cases(corpus)


def policies_of(corpus: str) -> dict[str, tuple[Policy, list[PolicyTest]]]:
    """Every policy of kyverno.io that a test names, once, with its tests."""
    found: dict[str, tuple[Policy, list[PolicyTest]]] = {}
    for tests in _tests(corpus).values():
        for test in tests:
            for policy in test.policies:
                if isinstance(policy, Policy):
                    key = f"{policy.origin.path}:{policy.origin.line}:{policy.name}"
                    found.setdefault(key, (policy, []))[1].append(test)
    return found


@cache
def settled(corpus: str, key: str) -> tuple[Settled, ...]:
    """What became of the rules of a policy."""
    policy, tests = policies_of(corpus)[key]
    return settle(policy, tests, NOW)


@cache
def _resources(corpus: str) -> tuple[Resource, ...]:
    found: dict[bytes, Resource] = {}
    for tests in _tests(corpus).values():
        for test in tests:
            for resource in test.resources:
                found.setdefault(_encode(resource.document), resource)
    return tuple(found.values())


def wrong_verdicts(corpus: str, key: str) -> Iterator[str]:
    """Resources of other tests on which a converted rule says something else than the original."""
    policy, _ = policies_of(corpus)[key]
    for number, one in enumerate(settled(corpus, key)):
        if one.status != CONVERTED:
            continue
        original = PolicySet([pair.compiled for pair in paired_rules(policy, ()) if pair.number == number])
        made = compile_policies([parse_cel_policy(item) for item in one.documents if is_cel_policy(item)])
        for resource in _resources(corpus):
            if not is_admitted(resource.document) or not (
                _may_be_for(original, resource) or _may_be_for(made, resource)
            ):
                continue
            before, after = _says(original, policy, resource), _says(made, policy, resource)
            if before != after:
                yield f"{one.rule} on {resource.ref}: {before}, now {after}"


def _may_be_for(rules: PolicySet, resource: Resource) -> bool:
    ref = resource.ref
    group, _, version = ref.api_version.rpartition("/")
    return any(rule.may_be_for(group, version, ref.kind, "") for rule in rules.rules)


def _says(rules: PolicySet, policy: Policy, resource: Resource) -> str:
    subject = subject_of(_NOTHING, policy, resource, "", resource.document)
    answers = CaseAnswers(_NOTHING)
    found = complete(lambda lookups: evaluate(rules, subject, lookups, NOW), {}, answers.fetch)
    outcomes = {finding.outcome for finding in found.findings}
    made = [item for item in found.actions if hasattr(item, "document")]
    if outcomes & _REFUSES:
        return "refused"
    is_passed = Outcome.PASS in outcomes and (made or not _only_changes(rules))
    return "passed" if is_passed else "not judged"


def _only_changes(rules: PolicySet) -> bool:
    return all(rule.phase.name in ("MUTATE", "GENERATE") for rule in rules.rules)


def totals(corpus: str, keys: Sequence[str]) -> Counter[tuple[str, str]]:
    """How many rules of each way came out which way."""
    return Counter((one.way, one.status) for key in keys for one in settled(corpus, key))
