from typing import Any

import pytest
import yaml

from propolis.core.errors import DocumentError
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.model.exception import PolicyException, parse_exception
from tests.unit.policy.engine.examples import NOW, pod, pod_rule, policy, subject


def exception(spec: str) -> PolicyException:
    document = {
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": "e", "namespace": "sec"},
        "spec": yaml.safe_load(spec),
    }
    return parse_exception(document)


def judged(rule: str, spec: str, document: dict[str, Any], **fields: Any) -> tuple[str, str]:
    rules = compile_policies([policy(rule)], [exception(spec)])
    (finding,) = evaluate(rules, subject(document, **fields), {}, NOW).findings
    return str(finding.outcome), finding.message


DENY = pod_rule("message: refused\ndeny: {}")
ABOUT = "exceptions: [{policyName: p, ruleNames: ['r*']}]"
PODS = "match: {any: [{resources: {kinds: [Pod], namespaces: [shop]}}]}"


def test_a_resource_that_an_exception_is_about_is_let_off() -> None:
    assert judged(DENY, f"{ABOUT}\n{PODS}", pod()) == (
        "skip",
        "rule is skipped due to policy exceptions sec/e",
    )


@pytest.mark.parametrize(
    "spec",
    [
        f"exceptions: [{{policyName: other, ruleNames: ['*']}}]\n{PODS}",
        f"exceptions: [{{policyName: p, ruleNames: [autogen-r]}}]\n{PODS}",
        f"{ABOUT}\nmatch: {{any: [{{resources: {{namespaces: [prod]}}}}]}}",
        f"{ABOUT}\nmatch: {{}}",
        f"{ABOUT}\nmatch: {{any: [{{resources: {{kinds: [Pod]}}, clusterRoles: [admin]}}]}}",
        f"{ABOUT}\n{PODS}\nconditions: {{any: [{{key: a, operator: Equals, value: b}}]}}",
        f"{ABOUT}\n{PODS}\nconditions: {{any: [{{key: '{{{{ missing }}}}', operator: Equals, value: b}}]}}",
    ],
)
def test_an_exception_that_is_about_something_else_lets_nothing_off(spec: str) -> None:
    assert judged(DENY, spec, pod()) == ("fail", "refused")


def test_an_exception_that_is_not_for_scans_does_not_count_in_them() -> None:
    spec = f"{ABOUT}\n{PODS}\nbackground: false"
    assert judged(DENY, spec, pod())[0] == "skip"
    assert judged(DENY, spec, pod(), is_background=True)[0] == "fail"


def test_a_pod_security_exception_lets_off_its_controls_only() -> None:
    rule = pod_rule("podSecurity: {level: baseline}")
    spec = f"{ABOUT}\n{PODS}\npodSecurity: [{{controlName: Host Namespaces}}]"
    assert judged(rule, spec, pod(hostNetwork=True))[0] == "skip"
    other = pod(hostNetwork=True, volumes=[{"name": "v", "hostPath": {"path": "/"}}])
    assert judged(rule, spec, other)[0] == "fail"


def test_a_wrong_exception_is_told() -> None:
    with pytest.raises(DocumentError, match="unknown field `exception`"):
        exception("exception: []")
