"""Reports on an API server, over time."""

import asyncio
import json
from typing import Any

from propolis.core.finding import Outcome
from propolis.reports.sinks.layouts import ReportChoice, ResourceReports
from propolis.reports.sinks.policy_reports import PolicyReports
from tests.unit.cluster.fake_api import cut, refusing, saying
from tests.unit.reports.sinks.report_api import (
    CLUSTER,
    Clock,
    ReportApi,
    Work,
    finding,
    path_of,
    resource,
    rule,
    with_reports,
)

POD = resource("web")
AT = path_of("uid-web")


def putting(*findings: Any, settled: bool = False) -> Work:
    async def work(reports: PolicyReports) -> None:
        reports.put(POD, findings)
        if settled:
            reports.settled()

    return work


async def nothing(_reports: PolicyReports) -> None:
    """Leaves everything as it is."""


def test_a_resource_has_a_report_as_kyverno_writes_it() -> None:
    api = ReportApi()
    passing = finding(POD, "pass", "yes", of=rule(name="another"))
    reports = with_reports(api, putting(finding(POD), passing))
    result = {
        "source": "kyverno", "policy": "pods", "scored": True, "severity": "high",
        "category": "Best Practices", "properties": {"process": "background scan"},
        "timestamp": {"seconds": 1000, "nanos": 0},
    }  # fmt: skip
    assert api.reports == {
        AT: {
            "apiVersion": "wgpolicyk8s.io/v1alpha2",
            "kind": "PolicyReport",
            "metadata": {
                "name": "uid-web",
                "namespace": "shop",
                "labels": {"app.kubernetes.io/managed-by": "kyverno", "propolis.dev/report": "true"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "uid-web"}],
            },
            "scope": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": "web",
                "namespace": "shop",
                "uid": "uid-web",
            },
            "summary": {"pass": 1, "fail": 1, "warn": 0, "error": 0, "skip": 0},
            "results": [
                {**result, "rule": "another", "result": "pass", "message": "yes"},
                {**result, "rule": "check", "result": "fail", "message": "no"},
            ],
        }
    }
    assert (reports.counts["written"], reports.backlog, reports.problem) == (1, 0, "")


def test_what_is_in_no_namespace_has_a_cluster_policy_report() -> None:
    api, node = ReportApi(), resource("node-1", "", "Node")

    async def work(reports: PolicyReports) -> None:
        reports.put(node, [finding(node)])

    with_reports(api, work)
    assert api.reports[f"{CLUSTER}/uid-node-1"]["kind"] == "ClusterPolicyReport"
    assert "namespace" not in api.reports[f"{CLUSTER}/uid-node-1"]["scope"]


def test_what_did_not_change_is_not_written_again_not_even_by_another_process() -> None:
    api = ReportApi()
    for _ in range(3):
        with_reports(api, putting(finding(POD), finding(POD, "pass", of=rule("z")), settled=True))
    assert api.writes == [("PATCH", AT)]


def test_results_that_stay_keep_their_time_and_changed_ones_have_the_time_of_their_change() -> None:
    api, clock = ReportApi(), Clock()
    stays, before = finding(POD), finding(POD, "pass", "yes", of=rule("z"))
    with_reports(api, putting(stays, before), clock=clock)
    clock.seconds = 2000
    with_reports(api, putting(stays, finding(POD, "fail", "yes", of=rule("z"))), clock=clock)
    assert [one["timestamp"]["seconds"] for one in api.reports[AT]["results"]] == [1000, 2000]


def test_a_resource_to_which_nothing_applies_has_no_report() -> None:
    api = ReportApi()

    async def work(reports: PolicyReports) -> None:
        reports.put(POD, [finding(POD)])
        await reports.drained()
        reports.put(POD, [])
        await reports.drained()
        reports.put(resource("other"), [])

    with_reports(api, work)
    assert (api.reports, api.writes) == ({}, [("PATCH", AT), ("DELETE", AT)])


def test_a_resource_that_is_gone_has_no_report() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD)))

    async def work(reports: PolicyReports) -> None:
        reports.drop(POD)

    with_reports(api, work)
    assert api.reports == {}


def test_reports_of_nothing_go_once_all_was_put_and_not_before() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD)))
    with_reports(api, nothing)
    assert list(api.reports) == [AT]

    async def work(reports: PolicyReports) -> None:
        other = resource("other")
        reports.put(other, [finding(other)])
        reports.settled()

    with_reports(api, work)
    assert list(api.reports) == [path_of("uid-other")]


def test_what_was_deleted_or_changed_by_hand_comes_back_when_all_is_looked_at_again() -> None:
    api = ReportApi()
    pods = [resource(f"pod-{number}") for number in range(4)]

    async def work(reports: PolicyReports) -> None:
        for _ in range(2):
            for pod in pods:
                reports.put(pod, [finding(pod)])
            reports.settled()
            await reports.drained()
            assert len(api.reports) == 4
            del api.reports[path_of(pods[0].uid)]
            api.reports[path_of(pods[1].uid)]["results"] = []
            api.writes.clear()
            await reports.load()
        pods.pop()
        for pod in pods:
            reports.put(pod, [finding(pod)])
        reports.settled()

    with_reports(api, work)
    assert sorted(api.reports) == [path_of(pod.uid) for pod in pods]
    assert all(report["results"] for report in api.reports.values())
    assert sorted(method for method, _ in api.writes) == ["DELETE", "PATCH", "PATCH"]


def test_many_changes_of_a_resource_are_one_write() -> None:
    api = ReportApi()

    async def work(reports: PolicyReports) -> None:
        for number in range(100):
            reports.put(POD, [finding(POD, message=str(number))])
        assert reports.backlog == 1

    with_reports(api, work)
    assert api.writes == [("PATCH", AT)]
    assert api.reports[AT]["results"][0]["message"] == "99"


def test_outcomes_that_nobody_asks_for_are_left_out() -> None:
    api = ReportApi()
    layout = ResourceReports(
        ReportChoice(outcomes=frozenset({Outcome.FAIL}), managed_by="me", prefix="propolis-")
    )
    other = resource("other")

    async def work(reports: PolicyReports) -> None:
        reports.put(POD, [finding(POD), finding(POD, "pass", of=rule("z"))])
        reports.put(other, [finding(other, "pass")])

    with_reports(api, work, layout=layout)
    (report,) = api.reports.values()
    assert (report["metadata"]["name"], report["metadata"]["labels"]["app.kubernetes.io/managed-by"]) == (
        "propolis-uid-web",
        "me",
    )
    assert report["summary"] == {"pass": 0, "fail": 1, "warn": 0, "error": 0, "skip": 0}


def test_a_server_that_is_busy_or_broken_is_asked_again_until_it_takes_the_report() -> None:
    api, clock, told = ReportApi(), Clock(), list[str]()
    api.faults[AT] = [
        refusing(429, Retry_After="7"),
        cut,
        refusing(503),
        cut,
        refusing(409, "modified"),
        refusing(500),
    ]
    reports = with_reports(api, putting(finding(POD)), clock=clock, told=told)
    assert list(api.reports) == [AT]
    assert (reports.counts["written"], reports.counts["failed"], reports.problem) == (1, 3, "")
    assert [
        "reports are not written: cannot" in text and "PolicyReport uid-web" in text for text in told
    ] == [
        True,
        True,
    ]
    assert 7 in clock.waits


def test_the_namespace_is_gone_and_so_is_the_report() -> None:
    for refused in (
        refusing(404, 'namespaces "shop" not found'),
        refusing(403, "unable to create new content in namespace shop because it is being terminated"),
    ):
        api, told = ReportApi(), list[str]()
        api.faults[AT] = [refused]
        reports = with_reports(api, putting(finding(POD)), told=told)
        assert (api.reports, told, reports.counts["gone"]) == ({}, [], 1)


def test_a_report_that_is_refused_is_told_once_and_tried_later() -> None:
    api, told = ReportApi(), list[str]()
    pods = [resource(f"pod-{number}") for number in range(20)]
    for pod in pods:
        api.faults[path_of(pod.uid)] = [refusing(403, "not you")]
    later, tried = asyncio.Event(), asyncio.Event()

    class Later(Clock):
        async def sleep(self, seconds: float) -> None:
            if seconds == 300:
                if later.is_set():
                    tried.set()
                    await asyncio.Event().wait()
                await later.wait()

    async def work(reports: PolicyReports) -> None:
        for pod in pods:
            reports.put(pod, [finding(pod)])
        await reports.drained()
        assert (reports.counts["refused"], api.reports, len(told)) == (20, {}, 1)
        assert "403 not you" in reports.problem
        later.set()
        await tried.wait()

    with_reports(api, work, clock=Later(), told=told)
    assert len(api.reports) == 20
    assert "cannot write PolicyReport uid-pod-0" in told[0]


def test_without_definitions_of_reports_it_says_what_to_install_and_writes_once_they_are_there() -> None:
    api, told = ReportApi(), list[str]()
    api.is_served = False

    async def work(reports: PolicyReports) -> None:
        reports.put(POD, [finding(POD)])
        reports.settled()
        (text,) = told
        assert "install their CustomResourceDefinitions" in text
        api.is_served = True

    with_reports(api, work, told=told)
    assert list(api.reports) == [AT]
    assert len(told) == 1


def test_reports_that_cannot_be_read_are_written_anew() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD)))
    api.reports[AT]["results"] = "many"
    with_reports(api, putting(finding(POD)))
    assert api.reports[AT]["results"][0]["message"] == "no"


def test_answers_to_the_list_that_make_no_sense_are_told_and_it_is_asked_again() -> None:
    api, told = ReportApi(), list[str]()
    api.faults[CLUSTER] = [saying(b"{"), saying(b'{"items": [1]}'), refusing(403, "not you")]
    with_reports(api, putting(finding(POD)), told=told)
    assert list(api.reports) == [AT]
    assert [text.partition(": ")[0] for text in told] == ["reports are not written"] * 2


def test_a_report_whose_owner_was_lost_is_written_again() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD)))
    del api.reports[AT]["metadata"]["ownerReferences"]
    with_reports(api, putting(finding(POD)))
    assert api.reports[AT]["metadata"]["ownerReferences"]


def test_changes_come_before_new_reports() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD)))

    async def work(reports: PolicyReports) -> None:
        for number in range(50):
            pod = resource(f"pod-{number}")
            reports.put(pod, [finding(pod)])
        reports.put(POD, [finding(POD, message="changed")])

    with_reports(api, work)
    assert ("PATCH", AT) in api.writes[1:10]


def test_one_long_text_does_not_cost_a_report_its_other_results() -> None:
    api = ReportApi()
    with_reports(api, putting(finding(POD, message="é" * 100_000), finding(POD, of=rule("z"))))
    message, other = (one["message"] for one in api.reports[AT]["results"])
    assert (len(message.encode()), message[-3:], other) == (16_383, "...", "no")
    assert len(json.dumps(api.reports[AT])) < 110_000
