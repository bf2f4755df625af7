"""Which events findings give."""

from typing import Any

import msgspec

from propolis.core.finding import Evidence, Finding, Outcome, Reported, Rule
from propolis.core.resource import ResourceRef
from propolis.policy.engine.events import (
    APPLIED,
    ERROR,
    SKIPPED,
    VIOLATION,
    EventChoice,
    PolicyEvent,
    admission_events,
    failure_event,
    scan_events,
)
from propolis.policy.engine.evidence import ExceptionEvidence

POD = ResourceRef("v1", "Pod", "web", "shop", uid="u")
ALL = EventChoice(success=True)
POLICY = ResourceRef("kyverno.io/v1", "ClusterPolicy", "roots", uid="uid of ClusterPolicy roots")


def uid_of(kind: str, namespace: str, name: str) -> str:
    return f"uid of {kind} {'/'.join(part for part in (namespace, name) if part)}"


def finding(
    outcome: str,
    policy: str = "roots",
    rule: str = "no-root",
    message: str = "no",
    evidence: Evidence | None = None,
    **reported: Any,
) -> Finding:
    words = Reported(**{"kind": "ClusterPolicy", "source": "kyverno", **reported})
    return Finding(
        Rule("policy", policy, rule, reported=words), POD, Outcome(outcome), message, None, evidence
    )


def told(events: list[PolicyEvent]) -> list[tuple[str, str, str, str]]:
    return [(one.reason, str(one.regarding), one.action, one.note) for one in events]


def test_a_scan_tells_of_violations_on_the_resource_and_on_the_policy() -> None:
    on_resource, on_policy = scan_events([finding("fail"), finding("pass", rule="other")], ALL, uid_of)
    assert told([on_resource, on_policy]) == [
        (VIOLATION, "shop/Pod/web", "Resource Passed", "policy roots/no-root fail: no"),
        (VIOLATION, "ClusterPolicy/roots", "Resource Passed", "Pod shop/web: [no-root] fail; no"),
    ]
    assert (on_resource.related, on_policy.regarding, on_policy.related) == (None, POLICY, POD)


def test_errors_and_warnings_of_rules_are_told_as_violations() -> None:
    events = scan_events([finding("error"), finding("warn", rule="other")], ALL)
    assert [(one.reason, one.note.partition(":")[0]) for one in events] == [
        (VIOLATION, "policy roots/no-root error"),
        (VIOLATION, "Pod shop/web"),
        (VIOLATION, "policy roots/other warn"),
        (VIOLATION, "Pod shop/web"),
        (APPLIED, "Pod shop/web"),
    ]


def test_a_failure_that_is_not_scored_is_told_as_a_failure() -> None:
    rule = msgspec.structs.replace(finding("warn").rule, scored=False)
    on_resource, on_policy = scan_events([msgspec.structs.replace(finding("warn"), rule=rule)], ALL)
    assert on_resource.note == "policy roots/no-root fail: no"
    assert on_policy.note == "Pod shop/web: [no-root] fail; no"


def test_a_request_that_is_refused_is_told_on_the_policies_that_refuse_it() -> None:
    refusing = finding("fail")
    events = admission_events([refusing, finding("fail", "audited"), finding("pass", "b")], [refusing], ALL)
    assert told(events) == [
        (VIOLATION, "ClusterPolicy/roots", "Resource Blocked", "Pod shop/web: [no-root] fail (blocked); no"),
    ]


def test_a_request_that_is_let_in_is_told_on_policy_and_resource() -> None:
    events = admission_events([finding("fail"), finding("pass", "other")], [], ALL)
    assert told(events) == [
        (VIOLATION, "ClusterPolicy/roots", "Resource Passed", "Pod shop/web: [no-root] fail; no"),
        (VIOLATION, "shop/Pod/web", "Resource Passed", "policy roots/no-root fail: no"),
        (APPLIED, "ClusterPolicy/other", "Resource Passed", "Pod shop/web: pass"),
    ]


def test_success_is_told_where_it_is_asked_for_and_for_the_actions_that_are() -> None:
    found = [
        finding("pass"),
        finding("pass", "changer", does="changes"),
        finding("pass", "maker", does="makes"),
    ]
    assert scan_events(found, EventChoice()) == []
    assert [one.note for one in scan_events(found, ALL)] == [
        "Pod shop/web: pass",
        "Pod shop/web is successfully mutated",
    ]
    some = EventChoice(success=True, success_actions=frozenset({"Resource Mutated"}))
    assert [one.action for one in admission_events(found, [], some)] == ["Resource Mutated"]


def test_reasons_that_are_omitted_are_not_told() -> None:
    found = [finding("fail"), finding("pass", "other")]
    assert [
        one.reason for one in scan_events(found, EventChoice(success=True, omitted=frozenset({VIOLATION})))
    ] == [APPLIED]


def test_exceptions_are_told_on_themselves_and_on_the_policy() -> None:
    found = finding("skip", "shop/roots", evidence=ExceptionEvidence(("ns/one",)), kind="Policy")
    for events in (scan_events([found], EventChoice(), uid_of), admission_events([found], [], ALL, uid_of)):
        assert told(events) == [
            (
                SKIPPED,
                "ns/PolicyException/one",
                "Resource Passed",
                "resource Pod/shop/web was skipped from policy rule shop/roots/no-root",
            ),
            (
                SKIPPED,
                "shop/Policy/roots",
                "Resource Passed",
                "resource Pod/shop/web was skipped from rule no-root due to policy exceptions ns/one",
            ),
        ]
        assert events[0].regarding.api_version == "kyverno.io/v2"
        assert events[0].regarding.uid == "uid of PolicyException ns/one"


def test_policies_in_cel_are_named_by_their_kind_and_tell_no_exceptions() -> None:
    cel: dict[str, Any] = {"kind": "ValidatingPolicy", "source": "KyvernoValidatingPolicy", "rule": ""}
    _, on_policy = scan_events([finding("fail", **cel)], ALL)
    assert str(on_policy.regarding) == "ValidatingPolicy/roots"
    assert on_policy.regarding.api_version == "policies.kyverno.io/v1beta1"
    assert on_policy.note == "Pod shop/web: fail; no"
    excepted = finding("skip", evidence=ExceptionEvidence(("ns/one",)), **cel)
    assert admission_events([excepted], [], ALL) == []


def test_what_has_no_name_yet_has_no_events_of_its_own() -> None:
    unnamed = msgspec.structs.replace(finding("fail"), resource=ResourceRef("v1", "Pod", "", "shop"))
    assert [str(one.regarding) for one in scan_events([unnamed], ALL)] == ["ClusterPolicy/roots"]


def test_findings_of_other_engines_are_no_events_of_policies() -> None:
    other = msgspec.structs.replace(finding("fail"), rule=Rule("rbac", "access", "wildcards"))
    assert scan_events([other], ALL) == []


def test_what_could_not_be_done_is_an_error_on_the_policy() -> None:
    event = failure_event(finding("error", "shop/roots", kind="Policy"), "the server refuses", uid_of)
    assert (event.reason, str(event.regarding), event.related) == (ERROR, "shop/Policy/roots", POD)
    assert event.note == "policy roots/no-root error: the server refuses"


def test_notes_do_not_tell_the_secrets_of_what_they_are_about() -> None:
    document = {
        "kind": "Secret",
        "data": {"password": "aHVudGVyMg==", "short": "eA=="},
        "stringData": {"key": "abcdefgh"},
        "spec": {"args": ["--token=s3cr3t"]},
    }
    found = finding("fail", message="hunter2 is aHVudGVyMg==, abcdefgh or s3cr3t, but x stays")
    (on_resource, on_policy) = scan_events([found], EventChoice(), document=document)
    for note in (on_resource.note, on_policy.note):
        assert note.endswith("[redacted] is [redacted], [redacted] or [redacted], but x stays")
    (plain, _) = scan_events([found], EventChoice(), document={"kind": "Pod"})
    assert "hunter2" in plain.note
