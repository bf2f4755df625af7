"""Short ways to tests of policies and what they cover."""

from typing import Any

import msgspec

from propolis.core.resource import Origin
from propolis.policy.engine.coverage.measure import PolicyCoverage, measure
from propolis.policy.model.kyverno_test import Expectation, TestDocument
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.test_files import resource_of
from tests.unit.policy.engine.examples import NOW, policy

Document = dict[str, Any]


def named(name: str, **spec: Any) -> Document:
    """A Pod of a name."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def with_test(rules: str, *expected: tuple[Document, str], rule: str = "r") -> tuple[Policy, PolicyTest]:
    """A policy, and a test that expects an outcome of one rule for each resource."""
    found = policy(rules)
    results = tuple(
        Expectation(policy="p", rule=rule, result=result, resources=(document["metadata"]["name"],))
        for document, result in expected
    )
    resources = tuple(resource_of(document, Origin("r.yaml")) for document, _ in expected)
    return found, PolicyTest("t.yaml", TestDocument(results=results), policies=(found,), resources=resources)


def measured(rules: str, *expected: tuple[Document, str], rule: str = "r", **options: Any) -> PolicyCoverage:
    """What a test covers of a policy."""
    found, test = with_test(rules, *expected, rule=rule)
    return measure(found, [test], NOW, **options)


def alive(coverage: PolicyCoverage) -> list[str]:
    """Faults that no test notices, those that are surely another policy."""
    return [one.what for one in coverage.survivors if one.example is not None]


def doubtful(coverage: PolicyCoverage) -> list[str]:
    """Faults that no resource was found to tell from the policy."""
    return [one.what for one in coverage.survivors if one.example is None]


def missed(coverage: PolicyCoverage) -> list[tuple[str, str]]:
    """Branches that no test takes, as kind and side."""
    return [(one.what, one.side) for one in coverage.missed]


def without_tests(rules: str) -> PolicyCoverage:
    """A policy whose test expects nothing of it."""
    found, test = with_test(rules)
    return measure(found, [msgspec.structs.replace(test, resources=())], NOW)
