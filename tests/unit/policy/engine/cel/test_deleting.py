"""DeletingPolicy: what is deleted when its time comes."""

from propolis.policy.model.action import Delete
from tests.unit.policy.engine.cel_examples import cel_policy, decided, said
from tests.unit.policy.engine.examples import pod

SPEC = "{{schedule: '{}', conditions: [{{name: c, expression: \"{}\"}}], deletionPropagationPolicy: Orphan}}"


def test_a_resource_whose_conditions_hold_is_deleted_at_the_next_time() -> None:
    policy = cel_policy(SPEC.format("0 5 * * *", "object.metadata.name == 'web'"), "DeletingPolicy")
    decision = decided(policy, pod())
    assert said(policy, pod()) == ("pass", "resource matched")
    (deletion,) = decision.actions
    assert isinstance(deletion, Delete)
    assert deletion.resource.name == "web"
    assert str(deletion)
    assert "Orphan" in repr(deletion)


def test_one_whose_conditions_do_not_hold_is_kept() -> None:
    policy = cel_policy(SPEC.format("0 5 * * *", "object.metadata.name == 'other'"), "DeletingPolicy")
    assert said(policy, pod()) == ("fail", "resource did not match")
    assert not decided(policy, pod()).actions


def test_conditions_without_a_value_are_an_error_and_delete_nothing() -> None:
    policy = cel_policy(SPEC.format("0 5 * * *", "object.spec.no == 1"), "DeletingPolicy")
    assert said(policy, pod()) == ("error", "no such key: no")
    assert not decided(policy, pod()).actions


def test_a_schedule_that_is_none_is_an_error() -> None:
    outcome, message = said(cel_policy(SPEC.format("often", "true"), "DeletingPolicy"), pod())
    assert outcome == "error"
    assert message.startswith("spec.schedule: ")


def test_a_scan_deletes_nothing() -> None:
    policy = cel_policy(SPEC.format("0 5 * * *", "true"), "DeletingPolicy")
    assert said(policy, pod(), is_background=True) == ("none", "")


def test_operations_do_not_count() -> None:
    spec = """
        schedule: '0 5 * * *'
        matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods]}]}
    """
    assert said(cel_policy(spec, "DeletingPolicy"), pod())[0] == "pass"
