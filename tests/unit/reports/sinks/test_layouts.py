"""How findings are spread over reports."""

import tracemalloc
from collections.abc import Iterable

import msgspec

from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef
from propolis.reports.sinks.layouts import Layout, ReportChoice, ResourceReports, chunk_count
from propolis.reports.sinks.namespace_reports import NamespaceReports
from propolis.reports.sinks.report import Key, Report
from tests.unit.reports.sinks.report_api import finding, resource, rule

POD = resource("web")
SMALL = ReportChoice(most_bytes=10_000)


def many(at: ResourceRef, count: int, message: str = "m" * 100) -> list[Finding]:
    return [finding(at, message=message, of=rule(f"policy-{number:03}")) for number in range(count)]


def written(layout: Layout, keys: Iterable[Key]) -> dict[str, Report | None]:
    return {key[1]: taken(layout, key) for key in keys}


def taken(layout: Layout, key: Key) -> Report | None:
    waiting = layout.take(key)
    return waiting.report if waiting is not None else None


def test_what_does_not_fit_one_report_is_spread_and_nothing_is_lost() -> None:
    layout = ResourceReports(SMALL)
    reports = written(layout, layout.put(POD, many(POD, 100)))
    assert list(reports) == ["uid-web", *(f"uid-web-{number}" for number in range(2, len(reports) + 1))]
    found = [one for one in reports.values() if one is not None]
    policies = sorted(result.policy for one in found for result in one.results)
    assert policies == [f"policy-{number:03}" for number in range(100)]
    assert all(len(msgspec.json.encode(one.results)) <= 10_000 + len(one.results) + 2 for one in found)
    assert all(one.scope["uid"] == one.owner["uid"] == "uid-web" for one in found)


def test_one_change_changes_one_report() -> None:
    layout = ResourceReports(SMALL)
    before = written(layout, layout.put(POD, many(POD, 100)))
    changed = [finding(POD, "pass", of=rule("policy-042")), *many(POD, 100)[:42], *many(POD, 100)[43:]]
    after = written(layout, layout.put(POD, changed))
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1


def test_results_that_come_and_go_at_the_limit_do_not_change_the_number_of_reports() -> None:
    layout = ResourceReports(SMALL)
    count = len(layout.put(POD, many(POD, 40)))
    assert count > 1
    assert {len(layout.put(POD, many(POD, number))) for number in (40, 39, 25, 40)} == {count}


def test_reports_that_are_needed_no_more_are_named_and_empty() -> None:
    layout = ResourceReports(SMALL)
    count = len(layout.put(POD, many(POD, 100)))
    reports = written(layout, layout.put(POD, many(POD, 1)))
    assert (len(reports), [name for name, one in reports.items() if one is not None]) == (count, ["uid-web"])
    assert len(layout.put(POD, many(POD, 1))) == 1


def test_one_result_larger_than_a_report_is_alone_in_one() -> None:
    assert chunk_count([(("a",), 20_000)], 1, 10_000) == 2
    assert chunk_count([(("a",), 20_000), (("b",), 1)], 1, 10_000) <= 16
    assert chunk_count([], 1, 10_000) == 1


def test_the_order_of_findings_does_not_matter() -> None:
    layout = ResourceReports(ReportChoice())
    (one,) = written(layout, layout.put(POD, many(POD, 5))).values()
    (other,) = written(layout, layout.put(POD, many(POD, 5)[::-1])).values()
    assert one is not None
    assert other is not None
    assert one.digest == other.digest
    assert [result.policy for result in one.results] == [f"policy-{number:03}" for number in range(5)]


def test_a_resource_without_uid_has_no_owner_and_a_name_all_the_same() -> None:
    layout = ResourceReports(ReportChoice())
    at = ResourceRef("v1", "Pod", "web", "shop")
    (report,) = written(layout, layout.put(at, [finding(at)])).values()
    assert report is not None
    assert (report.owner, len(report.name)) == ({}, 32)


def test_what_was_written_is_not_kept() -> None:
    layout = ResourceReports(ReportChoice())
    pods = [resource(f"pod-{number}") for number in range(2000)]
    tracemalloc.start()
    for pod in pods:
        written(layout, layout.put(pod, many(pod, 16)))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000


def test_waiting_reports_are_compressed() -> None:
    layout = ResourceReports(ReportChoice())
    pods = [resource(f"pod-{number}") for number in range(1000)]
    tracemalloc.start()
    for pod in pods:
        layout.put(pod, many(pod, 16))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept / 1000 < 2000


def test_a_report_that_is_given_back_is_taken_again() -> None:
    layout = ResourceReports(ReportChoice())
    (key,) = layout.put(POD, [finding(POD)])
    waiting = layout.take(key)
    assert waiting is not None
    assert layout.take(key) is None
    layout.give_back(key, waiting)
    assert layout.take(key) == waiting


def test_a_namespace_has_one_report_that_names_its_resources() -> None:
    layout = NamespaceReports(ReportChoice())
    other = resource("other")
    keys = {*layout.put(POD, [finding(POD)]), *layout.put(other, [finding(other)])}
    assert keys == {("shop", "propolis")}
    report = taken(layout, ("shop", "propolis"))
    assert report is not None
    assert (report.scope, report.owner) == ({}, {})
    assert [one.resources[0]["name"] for one in report.results] == ["other", "web"]
    assert taken(layout, ("elsewhere", "propolis")) is None


def test_a_namespace_of_many_resources_has_several_and_a_change_touches_one() -> None:
    layout = NamespaceReports(SMALL)
    pods = [resource(f"pod-{number}") for number in range(100)]
    keys = {key for pod in pods for key in layout.put(pod, [finding(pod)])}
    found = {key: report for key in keys if (report := taken(layout, key)) is not None}
    names = sorted(one.resources[0]["name"] for report in found.values() for one in report.results)
    assert names == sorted(pod.name for pod in pods)
    assert len(found) > 1
    assert len(layout.put(pods[7], [finding(pods[7], "pass")])) == 1
    for pod in pods:
        keys = {*keys, *layout.drop(pod)}
    assert all(taken(layout, key) is None for key in keys)


def test_a_namespace_with_fewer_resources_has_fewer_reports_again() -> None:
    layout = NamespaceReports(SMALL)
    pods = [resource(f"pod-{number}") for number in range(100)]
    most = len({key for pod in pods for key in layout.put(pod, [finding(pod)])})
    for pod in pods[2:]:
        layout.put(pod, [])
    names = [("shop", "propolis"), *(("shop", f"propolis-{number}") for number in range(2, most + 1))]
    left = [report for name in names if (report := taken(layout, name)) is not None]
    assert [len(report.results) for report in left] == [2]
    assert layout.drop(pods[5]) == []
