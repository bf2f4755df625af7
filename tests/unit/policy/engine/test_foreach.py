from tests.unit.policy.engine.examples import outcome, pod, pod_rule

CONTAINERS = [{"name": "a", "image": "x:1", "ports": [{"port": 80}]}, {"name": "b", "image": "y:latest"}]


def test_every_element_is_checked_and_the_first_failure_counts() -> None:
    rule = pod_rule("""
message: pin {{element.name}}
foreach:
- list: request.object.spec.containers
  pattern: {image: '!*:latest'}
""")
    assert outcome(rule, pod(containers=CONTAINERS[:1])) == ("pass", "rule passed")
    assert outcome(rule, pod(containers=CONTAINERS)) == (
        "fail",
        "validation failure: validation error: pin b. rule r failed at path /image/",
    )


def test_preconditions_leave_out_elements() -> None:
    rule = pod_rule("""
foreach:
- list: request.object.spec.containers
  preconditions: {all: [{key: '{{element.name}}', operator: NotEquals, value: b}]}
  pattern: {image: '!*:latest'}
""")
    assert outcome(rule, pod(containers=CONTAINERS))[0] == "pass"


def test_nested_lists_have_their_own_elements() -> None:
    rule = pod_rule("""
message: '{{element0.name}} {{element1.port}} {{elementIndex}}'
foreach:
- list: request.object.spec.containers
  foreach:
  - list: element.ports
    deny: {conditions: {any: [{key: '{{element.port}}', operator: LessThan, value: 1024}]}}
""")
    assert outcome(rule, pod(containers=CONTAINERS)) == (
        "fail",
        "validation failure: validation failure: a 80 0",
    )


def test_a_list_that_is_not_there_gives_no_finding() -> None:
    rule = pod_rule("foreach:\n- list: request.object.spec.volumes\n  deny: {}")
    assert outcome(rule, pod()) == ("none", "")


def test_a_scalar_element_leaves_the_resource_in_scope() -> None:
    rule = pod_rule("""
foreach:
- list: request.object.spec.containers[].name
  pattern: {kind: Pod}
""")
    assert outcome(rule, pod()) == ("pass", "rule passed")


def test_an_element_scope_for_a_scalar_is_an_error() -> None:
    rule = pod_rule("""
foreach:
- list: request.object.spec.containers[].name
  elementScope: true
  deny: {}
""")
    found = outcome(rule, pod())
    assert found[0] == "error"
    assert "elementScope=true" in found[1]
