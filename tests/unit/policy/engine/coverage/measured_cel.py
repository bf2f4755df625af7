"""Short ways to tests of policies in CEL and what they cover."""

from typing import Any

from propolis.core.resource import Origin
from propolis.policy.engine.coverage.measure import PolicyCoverage
from propolis.policy.engine.coverage.measure_cel import measure_cel
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.kyverno_test import Expectation, TestDocument
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.test_files import resource_of
from tests.unit.policy.engine.cel_examples import cel_policy
from tests.unit.policy.engine.coverage.measured import Document
from tests.unit.policy.engine.examples import NOW

PRIORITY = "validations: [{expression: 'object.spec.priority >= 2'}]"
IN_SHOP = "{name: in-shop, expression: \"object.metadata.namespace == 'shop'\"}"
NOT_ADMIN = "{name: not-admin, expression: \"object.metadata.name != 'admin'\"}"


def measured(
    spec: str,
    *expected: tuple[Document, str],
    kind: str = "ValidatingPolicy",
    exceptions: tuple[CelException, ...] = (),
    **options: Any,
) -> PolicyCoverage:
    """What a test covers of a policy in CEL."""
    policy = cel_policy(spec, kind)
    results = tuple(
        Expectation(policy="p", result=result, resources=(document["metadata"]["name"],))
        for document, result in expected
    )
    resources = tuple(resource_of(document, Origin("r.yaml")) for document, _ in expected)
    test = PolicyTest(
        "t.yaml", TestDocument(results=results), (policy,), resources=resources, exceptions=exceptions
    )
    return measure_cel(policy, [test], NOW, **options)
