"""What a report says of findings of policies, as the engine gives them."""

import json
from typing import Any

import pytest

from propolis.core.finding import Finding, Outcome, Rule, Severity
from propolis.core.resource import ResourceRef
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.model import parse_policy
from propolis.policy.model.cel.parse import parse_cel_exception, parse_cel_policy
from propolis.policy.model.exception import parse_exception
from propolis.reports.render.report_result import ReportResult, is_reported, result_of, shortened
from tests.unit.policy.engine.examples import NOW, pod, subject

NO_HOST = {"message": "no", "pattern": {"spec": {"=(hostNetwork)": False}}}


def kyverno(
    validate: dict[str, Any],
    rule: dict[str, Any] | None = None,
    kind: str = "ClusterPolicy",
    **annotations: str,
) -> Any:
    own = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": validate,
        **(rule or {}),
    }
    metadata = {
        "name": "p",
        "annotations": {f"policies.kyverno.io/{name}": text for name, text in annotations.items()},
    }
    metadata |= {"namespace": "shop"} if kind == "Policy" else {}
    return parse_policy(
        {"apiVersion": "kyverno.io/v1", "kind": kind, "metadata": metadata, "spec": {"rules": [own]}}
    )


def cel(kind: str = "ValidatingPolicy", **spec: Any) -> Any:
    rules = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    document: dict[str, Any] = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": kind,
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [rules]},
            "validations": [{"expression": "!has(object.spec.hostNetwork)", "message": "no"}],
            **spec,
        },
    }
    document["spec"] = {name: value for name, value in document["spec"].items() if value is not None}
    if kind.startswith("Namespaced"):
        document["metadata"] = {"name": "p", "namespace": "shop"}
    return parse_cel_policy(document)


def finding(found: Any, *exceptions: Any, **fields: Any) -> Finding:
    document = pod(**{"hostNetwork": True, **fields})
    judged = evaluate(compile_policies([found], list(exceptions)), subject(document), {}, NOW)
    (one,) = judged.findings
    return one


def result(found: Any, *exceptions: Any, **fields: Any) -> ReportResult:
    return result_of(finding(found, *exceptions, **fields))


def test_a_rule_of_kyverno_is_named_as_kyverno_names_it() -> None:
    found = result(kyverno(NO_HOST, severity="high", category="Pod Security"))
    assert found == ReportResult(
        source="kyverno",
        policy="p",
        rule="r",
        result="fail",
        scored=True,
        message="validation error: no. rule r failed at path /spec/hostNetwork/",
        severity="high",
        category="Pod Security",
        properties={"process": "background scan"},
    )


def test_a_namespaced_policy_has_its_namespace_in_its_name() -> None:
    assert result(kyverno(NO_HOST, kind="Policy")).policy == "shop/p"
    assert result(cel("NamespacedValidatingPolicy")).policy == "shop/p"


@pytest.mark.parametrize(("stated", "reported"), [("info", "info"), ("High", ""), ("urgent", ""), ("", "")])
def test_only_severities_that_reports_know_are_named(stated: str, reported: str) -> None:
    assert result(kyverno(NO_HOST, severity=stated)).severity == reported


def test_what_is_not_scored_is_a_warning() -> None:
    found = result(kyverno(NO_HOST, scored="false"))
    assert (found.result, found.scored) == ("warn", False)
    assert "scored" not in found.document(0)
    properties = {"failMessage": "call a", "warnMessage": "never"}
    assert result(kyverno(NO_HOST, {"reportProperties": properties}, scored="false")).message == "call a"


def test_properties_of_the_rule_are_those_of_the_result_and_may_give_its_message() -> None:
    properties = {"team": "a", "failMessage": "call a", "passMessage": "good"}
    found = result(kyverno(NO_HOST, {"reportProperties": properties}))
    assert found.properties == {**properties, "process": "background scan"}
    assert found.message == "call a"
    assert result(kyverno(NO_HOST, {"reportProperties": {**properties, "message": "all"}})).message == "all"


def test_a_policy_in_cel_is_named_by_its_kind_and_has_no_rule() -> None:
    found = result(cel())
    assert (found.source, found.policy, found.rule) == ("KyvernoValidatingPolicy", "p", "")
    assert found.message == "no"
    assert found.properties == {"process": "background scan", "cel.validationIndex": "0"}


def test_audit_annotations_of_a_policy_in_cel_are_properties() -> None:
    found = result(cel(auditAnnotations=[{"key": "who", "valueExpression": "object.metadata.name"}]))
    assert found.properties["who"] == "web"
    error = result(cel(validations=[{"expression": "object.spec.x == 1"}]))
    assert (error.result, error.properties["cel.validationIndex"]) == ("error", "0")


def test_variables_in_properties_are_filled_in_and_stay_where_they_cannot_be() -> None:
    known, unknown = "of {{ request.object.metadata.name }}", "{{ request.object.spec.nothing }}"
    assert result(kyverno(NO_HOST, {"reportProperties": {"a": known}})).properties == {
        "a": "of web",
        "process": "background scan",
    }
    properties = {"a": known, "b": unknown, "c": "{{ request.object.spec.containers }}"}
    found = result(kyverno(NO_HOST, {"reportProperties": properties}))
    assert found.properties == {**properties, "process": "background scan"}


def test_a_policy_that_is_for_admission_alone_says_so() -> None:
    off = {"background": {"enabled": False}}
    assert result(cel(evaluation=off)).properties["process"] == "admission review"


def test_pod_security_names_its_controls() -> None:
    found = result(
        kyverno({"podSecurity": {"level": "baseline", "version": "latest"}}),
        containers=[{"name": "app", "image": "nginx", "securityContext": {"privileged": True}}],
    )
    controls = json.loads(found.properties["controlsJSON"])
    assert controls == [
        {"ID": "hostNamespaces", "Name": "Host Namespaces", "Images": None},
        {"ID": "privileged", "Name": "Privileged Containers", "Images": ["docker.io/nginx:latest"]},
    ]
    assert {name: text for name, text in found.properties.items() if name != "controlsJSON"} == {
        "standard": "baseline",
        "version": "latest",
        "controls": "hostNamespaces,privileged",
        "process": "background scan",
    }


def test_exceptions_are_named() -> None:
    spec = {
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "exceptions": [{"policyName": "p", "ruleNames": ["r"]}],
    }
    exception = parse_exception(
        {
            "apiVersion": "kyverno.io/v2",
            "kind": "PolicyException",
            "metadata": {"name": "e", "namespace": "x"},
            "spec": spec,
        }
    )
    found = result(kyverno(NO_HOST), exception)
    assert (found.result, found.properties["exceptions"]) == ("skip", "e")


def test_exceptions_to_cel_policies_are_named() -> None:
    exception = parse_cel_exception(
        {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "PolicyException",
            "metadata": {"name": "e", "namespace": "x"},
            "spec": {"policyRefs": [{"name": "p", "kind": "ValidatingPolicy"}]},
        }
    )
    found = result(cel(), exception)
    assert (found.result, found.rule, found.properties["exceptions"]) == ("skip", "exception", "e")


def test_a_policy_in_cel_whose_conditions_do_not_hold_is_not_reported_unless_it_changes() -> None:
    off = [{"name": "never", "expression": "false"}]
    assert not is_reported(finding(cel(matchConditions=off)))
    assert is_reported(finding(cel()))
    unmet = {"preconditions": {"all": [{"key": "a", "operator": "Equals", "value": "b"}]}}
    assert is_reported(finding(kyverno(NO_HOST, unmet)))
    changes = {"applyConfiguration": {"expression": "Object{}"}, "patchType": "ApplyConfiguration"}
    assert is_reported(
        finding(cel("MutatingPolicy", validations=None, mutations=[changes], matchConditions=off))
    )


def test_findings_of_other_engines_keep_their_words() -> None:
    at = ResourceRef("v1", "Pod", "web", "shop", uid="u")
    rule = Rule("config-audit", "workloads", "AVD-1", severity=Severity.LOW)
    found = result_of(Finding(rule, at, Outcome.FAIL, "no", subject="app"), names_resource=True)
    assert (found.source, found.severity, found.properties) == ("config-audit", "low", {"subject": "app"})
    assert found.resources == (
        {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "uid": "u"},
    )


def test_a_text_is_cut_between_characters() -> None:
    assert shortened("éé", 4) == "éé"
    assert shortened("ééé", 5) == "é..."
    assert shortened("\ud800", 5) == "?"
