"""ValidatingPolicy and ValidatingAdmissionPolicy: what must be true, what is said, what refuses."""

import pytest

from tests.unit.policy.engine.cel_examples import binding, cel_policy, decided, only, said
from tests.unit.policy.engine.examples import pod


def test_all_validations_must_hold_and_the_first_that_does_not_decides() -> None:
    policy = cel_policy("""
        validations:
          - {expression: "object.spec.containers.size() == 1", message: one}
          - {expression: "has(object.spec.hostname)", message: two}
          - {expression: "has(object.spec.missing)", message: three}
    """)
    assert said(policy, pod(hostname="h", missing=1)) == ("pass", "success")
    assert said(policy, pod()) == ("fail", "two")
    assert only(policy, pod()).evidence.index == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("", "CEL expression validation failed at index 0"),
        ("message: told", "told"),
        ("messageExpression: \"'name ' + object.metadata.name\"", "name web"),
        (
            'messageExpression: "object.spec.nothing"',
            "failed to evaluate message expression: no such key: nothing",
        ),
    ],
)
def test_a_failure_says_what_the_policy_says(fields: str, message: str) -> None:
    text = f"validations:\n  - expression: 'false'\n    {fields}\n"
    assert said(cel_policy(text), pod()) == ("fail", message)


def test_an_expression_without_a_value_is_an_error() -> None:
    policy = cel_policy('validations: [{expression: "object.spec.nothing == 1"}]')
    assert said(policy, pod()) == ("error", "error: no such key: nothing")


def test_an_expression_that_gives_no_bool_is_an_error() -> None:
    policy = cel_policy('validations: [{expression: "object.spec.hostname"}]')
    assert said(policy, pod(hostname="h")) == ("error", "error: the expression gives str, not bool")


def test_an_expression_that_cannot_be_compiled_is_an_error_on_every_resource() -> None:
    outcome, message = said(cel_policy("validations: [{expression: \"1 + 'a' == 2\"}]"), pod())
    assert outcome == "error"
    assert message.startswith("spec.validations[0].expression: found no matching overload")


def test_variables_are_evaluated_on_demand_and_see_those_before_them() -> None:
    policy = cel_policy("""
        variables:
          - {name: never, expression: object.spec.nothing}
          - {name: names, expression: "object.spec.containers.map(c, c.name)"}
          - {name: first, expression: "variables.names[0]"}
        validations: [{expression: "variables.first == 'app'"}]
    """)
    assert said(policy, pod())[0] == "pass"


def test_equal_variables_of_several_policies_have_the_values_of_their_own_definitions() -> None:
    text = """
        variables: [{{name: v, expression: "{}"}}]
        validations: [{{expression: "variables.v == 'web'"}}]
    """
    for expression, outcome in (("object.metadata.name", "pass"), ("object.metadata.namespace", "fail")):
        assert said(cel_policy(text.format(expression)), pod())[0] == outcome


def test_audit_annotations_are_evidence_and_empty_ones_are_left_out() -> None:
    policy = cel_policy("""
        validations: [{expression: "true"}]
        auditAnnotations:
          - {key: who, valueExpression: "'name ' + object.metadata.name"}
          - {key: nothing, valueExpression: "''"}
    """)
    assert only(policy, pod()).evidence.annotations == {"who": "name web"}  # type: ignore[union-attr]


def test_an_audit_annotation_without_a_value_is_an_error() -> None:
    policy = cel_policy("""
        validations: [{expression: "true"}]
        auditAnnotations: [{key: who, valueExpression: "object.spec.nothing"}]
    """)
    assert said(policy, pod()) == (
        "error",
        "error: failed to evaluate auditAnnotation 'who': no such key: nothing",
    )


@pytest.mark.parametrize(
    ("fields", "expression", "refuses"),
    [
        ("validationActions: [Deny]", "false", True),
        ("validationActions: [Audit]", "false", False),
        ("{}", "false", True),
        ("failurePolicy: Ignore", "object.spec.nothing == 1", False),
        ("failurePolicy: Fail", "object.spec.nothing == 1", True),
    ],
)
def test_actions_say_what_refuses_and_the_failure_policy_whether_errors_do(
    fields: str, expression: str, *, refuses: bool
) -> None:
    text = f'validations: [{{expression: "{expression}"}}]\n{fields if fields != "{}" else ""}'
    assert bool(decided(cel_policy(text), pod()).refusing) is refuses


def test_a_deletion_has_an_old_object_and_no_object() -> None:
    policy = cel_policy("""
        matchConstraints:
          resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [DELETE]}]
        validations: [{expression: "object == null && oldObject.metadata.name == 'web'"}]
    """)
    assert said(policy, pod(), operation="DELETE")[0] == "pass"


def test_expressions_see_the_request_and_who_asks() -> None:
    policy = cel_policy("""
        validations:
          - expression: >-
              request.operation == 'CREATE' && request.kind.kind == 'Pod'
              && request.resource.resource == 'pods' && request.name == 'web'
              && request.namespace == 'shop' && request.userInfo.groups.size() == 0
              && request.object.metadata.name == 'web'
    """)
    assert said(policy, pod())[0] == "pass"


def test_nobody_asks_in_a_scan() -> None:
    policy = cel_policy('validations: [{expression: "has(request.userInfo.username)", message: who}]')
    assert said(policy, pod())[0] == "pass"
    assert said(policy, pod(), is_background=True) == ("fail", "who")
    groups = cel_policy("validations: [{expression: \"!('a' in request.userInfo.groups)\"}]")
    assert said(groups, pod(), is_background=True)[0] == "pass"


VAP = "ValidatingAdmissionPolicy"


def test_a_finding_by_a_binding_names_it_in_reports() -> None:
    policy = cel_policy("validations: [{expression: 'true'}]", VAP)
    (found,) = decided(policy, pod(), bindings=(binding("validationActions: [Audit]"),)).findings
    assert found.rule.reported is not None
    assert found.rule.reported.properties == (("binding", "b"), ("process", "background scan"))
    alone = only(policy, pod()).rule.reported
    assert alone is not None
    assert alone.properties == (("process", "background scan"),)


def test_the_kind_of_the_api_server_has_its_words() -> None:
    policy = cel_policy('validations: [{expression: "has(object.spec.hostname)"}]', VAP)
    assert said(policy, pod()) == ("fail", "failed expression: has(object.spec.hostname)")
    policy = cel_policy('validations: [{expression: "object.spec.nothing == 1"}]', VAP)
    text = "expression 'object.spec.nothing == 1' resulted in error: no such key: nothing"
    assert said(policy, pod()) == ("error", text)


def test_an_error_of_its_variable_names_the_variable() -> None:
    policy = cel_policy(
        """
        variables: [{name: v, expression: object.spec.nothing}]
        validations: [{expression: "variables.v == 1"}]
        """,
        VAP,
    )
    assert said(policy, pod())[1].endswith('composited variable "v" fails to evaluate: no such key: nothing')


@pytest.mark.parametrize("expression", ["'a\\\\nb'", "''", "object.spec.nothing"])
def test_its_message_expression_must_give_one_line(expression: str) -> None:
    text = f"""validations: [{{expression: "false", message: m, messageExpression: "{expression}"}}]"""
    assert said(cel_policy(text, VAP), pod()) == ("fail", "m")


def test_bindings_say_where_it_is_in_force_and_what_refuses() -> None:
    policy = cel_policy('validations: [{expression: "false", message: m}]', VAP)
    warns = binding("validationActions: [Warn]")
    assert not decided(policy, pod(), bindings=(warns,)).refusing
    elsewhere = binding("""
        validationActions: [Deny]
        matchResources: {objectSelector: {matchLabels: {app: other}}}
    """)
    assert said(policy, pod(), bindings=(elsewhere,)) == ("none", "")
    assert len(decided(policy, pod(), bindings=(warns, binding("validationActions: [Deny]"))).findings) == 2
