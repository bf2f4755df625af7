from typing import Any

import msgspec
import pytest

from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.policy import Policy, WebhookConfiguration
from tests.unit.policy.engine.examples import findings, pod, pod_rule, policy


def conditioned(*expressions: str) -> Policy:
    found = policy(pod_rule("deny: {}"))
    named = tuple(NamedExpression(f"c{number}", text) for number, text in enumerate(expressions))
    webhook = WebhookConfiguration(match_conditions=named)
    return msgspec.structs.replace(
        found, spec=msgspec.structs.replace(found.spec, webhook_configuration=webhook)
    )


def outcomes(*expressions: str, subject: dict[str, Any] | None = None) -> list[str]:
    return [str(one.outcome) for one in findings(conditioned(*expressions), subject or pod())]


@pytest.mark.parametrize(
    ("expressions", "found"),
    [
        ((), ["fail"]),
        (("object.kind == 'Pod'",), ["fail"]),
        (("object.kind == 'Pod'", "object.kind == 'Secret'"), []),
        (("request.operation == 'CREATE'",), ["fail"]),
        (("request.operation != 'CREATE'",), []),
        (("!('system:nodes' in request.userInfo.groups)", "oldObject == null"), ["fail"]),
        (("object.spec.nothing",), []),
        (("object.spec.nothing", "false"), []),
    ],
)
def test_rules_are_for_what_all_conditions_allow(expressions: tuple[str, ...], found: list[str]) -> None:
    assert outcomes(*expressions) == found


def test_a_condition_that_cannot_be_compiled_is_an_error_of_the_rules() -> None:
    (finding,) = findings(conditioned("object."), pod())
    assert finding.outcome == "error"
    assert finding.message.startswith("spec.webhookConfiguration.matchConditions[0].expression: ")


def test_conditions_hold_for_rules_that_are_written_for_controllers() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {}, "spec": pod()["spec"]}},
    }
    assert outcomes("object.kind == 'Pod'", subject=deployment) == []
    assert outcomes("object.kind == 'Deployment'", subject=deployment) == ["fail"]


def test_the_cost_of_a_condition_has_an_end() -> None:
    many = {**pod(), "metadata": {"name": "a", "labels": {f"l{number}": "x" for number in range(3000)}}}
    text = "object.metadata.labels.all(a, object.metadata.labels.all(b, object.metadata.labels.all(c, true)))"
    assert outcomes(text, subject=many) == []
    assert outcomes("object.metadata.labels.all(a, true)", subject=many) == ["fail"]
