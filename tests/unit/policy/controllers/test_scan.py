"""What a scan judges again, and what it leaves alone."""

from typing import Any

import msgspec
import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups, OutOfTimeError
from propolis.core.resource import Document
from propolis.policy.controllers import judging
from propolis.policy.engine.evaluate import evaluate
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import SERVED, ScannedCluster


def pod(name: str = "one", namespace: str = "a", **metadata: Any) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"containers": []},
    }


def config_map(text: str, name: str = "rules", namespace: str = "a") -> Document:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"open": text}}


def namespace(name: str = "a", **labels: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def cluster_with(*found: Document, **by_name: Document) -> ScannedCluster:
    """A settled cluster with some policies and objects."""
    cluster = ScannedCluster()
    for name, document in by_name.items():
        cluster.set_policy(name, document)
    for document in found:
        cluster.put(document)
    cluster.settle()
    return cluster


def outcomes(cluster: ScannedCluster, name: str = "one", kind: str = "Pod") -> list[str]:
    return [said[2] for said in cluster.settle().get((kind, "a", name), [])]


def test_a_resource_is_judged_when_it_comes_and_when_it_changes() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"))
    assert cluster.settle() == {
        ("Pod", "a", "one"): [
            (
                "labelled",
                "has",
                "fail",
                "validation error: no team. rule has failed at path /metadata/labels/",
            )
        ]
    }
    cluster.put(pod(labels={"team": "x"}))
    assert outcomes(cluster) == ["pass"]


def test_a_resource_that_is_gone_is_told_as_gone() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"))
    cluster.drop("Pod", "a", "one")
    assert cluster.settle() == {}


def test_another_of_the_same_name_is_another() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"))
    calls = cluster.sink.calls
    cluster.objects.clear()
    cluster.put(pod())
    cluster.settle()
    assert cluster.sink.calls == calls + 2


def test_a_changed_policy_touches_its_own_part_alone() -> None:
    cluster = cluster_with(
        pod(),
        labelled=policies.labelled("team"),
        cel=policies.cel_policy("cel", "object.metadata.name == 'one'"),
    )
    seen: list[list[str]] = []
    judge = cluster.scan._said

    def watched(subject: Any, sets: Any, now: Any) -> Any:
        seen.append([rule.rule.policy for one in sets for rule in one.rules])
        return judge(subject, sets, now)

    cluster.scan._said = watched  # type: ignore[method-assign]
    cluster.set_policy("cel", policies.cel_policy("cel", "object.metadata.name == 'two'"))
    assert outcomes(cluster) == ["fail", "fail"]
    assert [set(one) for one in seen] == [{"cel"}]


def test_a_policy_that_is_gone_takes_its_findings_along() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"), cel=policies.cel_policy("cel", "true"))
    cluster.set_policy("cel", None)
    assert outcomes(cluster) == ["fail"]
    cluster.set_policy("labelled", None)
    assert cluster.settle() == {}


def test_a_policy_of_which_nothing_but_the_place_changed_is_left_alone() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"))
    done = cluster.scan.counts.evaluations
    cluster.set_policy("labelled", policies.labelled("team"))
    cluster.settle()
    assert cluster.scan.counts.evaluations == done


def test_a_label_of_a_namespace_is_followed() -> None:
    cluster = cluster_with(namespace(), pod(), pod("two"), by_namespace=policies.by_namespace("high"))
    assert outcomes(cluster) == []
    cluster.put(namespace(level="high"))
    assert (outcomes(cluster), outcomes(cluster, "two")) == (["fail"], ["fail"])
    cluster.put(namespace(level="low"))
    assert outcomes(cluster) == []


def test_a_config_map_is_followed() -> None:
    cluster = cluster_with(pod(), config_map("yes"), by_config_map=policies.by_config_map())
    assert outcomes(cluster) == ["pass"]
    cluster.put(config_map("no"))
    assert outcomes(cluster) == ["fail"]
    cluster.drop("ConfigMap", "a", "rules")
    assert outcomes(cluster) == ["error"]


def test_objects_that_an_api_call_lists_are_followed() -> None:
    cluster = cluster_with(pod(), pod("two"), by_list=policies.by_list())
    assert outcomes(cluster) == ["pass"]
    cluster.put(pod("three"))
    assert outcomes(cluster) == ["fail"]
    cluster.drop("Pod", "a", "two")
    assert outcomes(cluster) == ["pass"]


def test_an_answer_that_says_the_same_again_judges_nothing_again() -> None:
    cluster = cluster_with(pod(), config_map("yes"), by_config_map=policies.by_config_map())
    done, asked = cluster.scan.counts.evaluations, len(cluster.asked)
    cluster.scan.answers.ask_again(set())
    cluster.settle()
    assert len(cluster.asked) == asked + 1
    assert cluster.scan.counts.evaluations == done


def test_what_is_told_of_changes_is_not_asked_again() -> None:
    cluster = cluster_with(pod(), config_map("yes"), by_config_map=policies.by_config_map())
    cluster.scan.answers.ask_again({("", "configmaps")})
    assert cluster.scan.answers.to_ask(10) == []


def test_an_exception_touches_its_own_policy() -> None:
    cluster = cluster_with(pod(), pod("two"), labelled=policies.labelled("team"))
    cluster.set_policy("exception", policies.exception("labelled", "has", "one"))
    assert (outcomes(cluster), outcomes(cluster, "two")) == (["skip"], ["fail"])
    cluster.set_policy("exception", None)
    assert outcomes(cluster) == ["fail"]


def test_a_date_of_a_policy_is_met_to_the_second() -> None:
    cluster = cluster_with(pod(), until=policies.until("2026-01-01T01:00:00Z"))
    cluster.pass_time(3599)
    assert outcomes(cluster) == ["pass"]
    assert cluster.scan.next_moment() == cluster.now.timestamp() + 1
    cluster.pass_time(1)
    assert outcomes(cluster) == ["pass"]
    cluster.pass_time(1)
    assert outcomes(cluster) == ["fail"]


def test_a_date_of_a_resource_is_met_to_the_second() -> None:
    cluster = cluster_with(
        pod(annotations={"until": "2026-01-01T00:00:10Z"}), until_annotation=policies.until_annotation()
    )
    assert outcomes(cluster) == ["pass"]
    assert cluster.scan.next_moment() == cluster.now.timestamp() + 10
    cluster.pass_time(10)
    assert outcomes(cluster) == ["pass"]
    assert cluster.scan.next_moment() == cluster.now.timestamp() + 1
    cluster.pass_time(1)
    assert outcomes(cluster) == ["fail"]


def test_an_exception_ends_when_it_says() -> None:
    cluster = cluster_with(
        pod(),
        cel=policies.cel_policy("cel", "false"),
        exception=policies.cel_exception("cel", "2026-01-01T02:00:00Z"),
    )
    assert outcomes(cluster) == ["skip"]
    cluster.pass_time(7200)
    assert outcomes(cluster) == ["fail"]


def test_a_parameter_of_an_admission_policy_is_followed() -> None:
    policy, binding = policies.admission_policy("native", "params.data.open == 'yes'")
    cluster = cluster_with(pod(), config_map("yes", "parameters"), native=policy, binding=binding)
    assert outcomes(cluster) == ["pass"]
    cluster.put(config_map("no", "parameters"))
    assert outcomes(cluster) == ["fail"]


def test_resources_that_are_filtered_are_not_judged() -> None:
    cluster = cluster_with(pod(), pod("two"), labelled=policies.labelled("team"))
    cluster.scan.is_filtered = lambda subject: subject.name == "one"
    cluster.scan.judge_all()
    assert (outcomes(cluster), outcomes(cluster, "two")) == ([], ["fail"])


@pytest.mark.parametrize(
    "policy",
    [
        policies.cluster_policy("none", policies.deny("d", "x", "Equals", "x"), background=False),
        policies.cluster_policy("user", policies.deny("d", "{{request.userInfo.username}}", "Equals", "x")),
        policies.cluster_policy(
            "subjects", {**policies.deny("d", "x", "Equals", "x"), "exclude": {"any": [{"roles": ["r"]}]}}
        ),
        policies.cel_policy("cel", "false", evaluation={"background": {"enabled": False}}),
        policies.cluster_policy(
            "mutate",
            {
                "name": "m",
                "match": policies.PODS,
                "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}},
            },
        ),
    ],
    ids=lambda policy: policy["metadata"]["name"],
)
def test_policies_that_are_not_for_scans_stay_away(policy: Document) -> None:
    cluster = cluster_with(pod(), policy=policy)
    assert cluster.scan.rules.units == {}
    assert cluster.settle() == {}


def test_a_fault_of_one_rule_is_an_error_of_that_rule_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"), cel=policies.cel_policy("cel", "true"))

    def broken(rules: Any, *rest: Any) -> Any:
        if any(rule.rule.policy == "cel" for rule in rules.rules):
            raise ZeroDivisionError
        return evaluate(rules, *rest)

    monkeypatch.setattr(judging, "evaluate", broken)
    cluster.scan.judge_all()
    said = cluster.settle()["Pod", "a", "one"]
    assert [(one[0], one[2]) for one in said] == [("labelled", "fail"), ("cel", "error")]
    assert said[1][3] == "the rule could not be evaluated: ZeroDivisionError"
    assert cluster.scan.judging.faults == 1


def test_a_look_up_that_never_ends_is_an_error_after_some_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = cluster_with(pod(), by_config_map=policies.by_config_map())
    number = iter(range(1000))

    def asking(rules: Any, subject: Any, lookups: Any, now: Any) -> Any:
        key = LookupKey("configmap", ("a", f"another-{next(number)}"))
        if key not in lookups and next(number) < 500:
            raise MissingLookups((key,))
        return evaluate(rules, subject, lookups, now)

    monkeypatch.setattr(judging, "evaluate", asking)
    cluster.put(pod(labels={"new": "yes"}))
    assert outcomes(cluster) == ["error"]


def test_a_resource_that_goes_while_it_waits_is_forgotten() -> None:
    cluster = cluster_with(by_config_map=policies.by_config_map())
    cluster.put(pod())
    assert cluster.scan.step()
    assert not cluster.scan.is_done
    (key,) = cluster.scan.answers.to_ask(1)
    cluster.drop("Pod", "a", "one")
    cluster.scan.answered(key, Answer({}))
    assert cluster.settle() == {}
    assert len(cluster.scan.answers) == 0


def test_answers_that_nobody_needs_are_forgotten() -> None:
    cluster = cluster_with(pod(), config_map("yes"), by_config_map=policies.by_config_map())
    assert len(cluster.scan.answers) == 1
    cluster.set_policy("labelled", policies.labelled("team"))
    cluster.set_policy("by_config_map", None)
    cluster.settle()
    cluster.scan.tidy()
    done = cluster.scan.counts.evaluations
    cluster.settle()
    assert cluster.scan.counts.evaluations == done + 1
    cluster.scan.tidy()
    cluster.settle()
    assert cluster.scan.counts.evaluations == done + 1
    assert len(cluster.scan.answers) == 0
    assert cluster.scan.answers.kinds == set()


def test_a_resource_that_cannot_be_read_is_left_out_and_told() -> None:
    cluster = cluster_with(labelled=policies.labelled("team"))
    pods = cluster.scan.kinds["", "Pod"]
    pods.put(("a", "one"), b'{"metadata": {"name": 5}}')
    pods.put(("a", "two"), b'{"metadata": {"name": "two", "namespace": "a"}, "spec": "\\ud800"}')
    cluster.settle()
    assert sorted(pods.broken) == [("a", "one"), ("a", "two")]
    cluster.put(pod("two"))
    assert list(pods.broken) == [("a", "one")]
    assert outcomes(cluster, "two") == ["fail"]


def test_kinds_that_no_policy_is_for_are_known_before_they_are_followed() -> None:
    rules = cluster_with(labelled=policies.labelled("team")).scan.rules
    judged = [one.kind for one in SERVED if rules.for_kind(one.group, one.version, one.kind)]
    assert judged == ["Pod", "Deployment"]


def test_findings_of_like_resources_are_kept_once() -> None:
    cluster = cluster_with(*(pod(f"p-{number}") for number in range(50)), labelled=policies.labelled("team"))
    told = {id(one.told) for one in cluster.scan.kinds["", "Pod"]}
    assert len(told) == 1


def test_what_policies_see_is_what_the_server_sent_without_who_manages_it() -> None:
    cluster = cluster_with()
    sent = pod(
        managedFields=[{"manager": "x"}],
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "ü"},
    )
    cluster.put({**sent, "status": {"phase": "Running"}})
    pods = cluster.scan.kinds["", "Pod"]
    (subject,) = pods
    assert pods.document(subject) == {
        **pod(annotations={"kept": "ü"}, uid="uid-1", resourceVersion="1"),
        "status": {"phase": "Running"},
    }
    assert msgspec.json.decode(pods.text(subject))["metadata"].keys() == {
        "name",
        "namespace",
        "uid",
        "annotations",
    }


def test_a_rule_that_takes_too_long_is_an_error_of_that_rule_alone() -> None:
    cluster = cluster_with(pod(), labelled=policies.labelled("team"), cel=policies.cel_policy("cel", "true"))
    runs: list[int] = []

    def guard(evaluation: Any) -> Any:
        runs.append(1)
        if len(runs) in (1, 3):  # all rules, then the second alone
            raise OutOfTimeError
        return evaluation()

    cluster.scan.judging.guard = guard
    cluster.scan.judge_all()
    said = cluster.settle()["Pod", "a", "one"]
    assert [(one[0], one[2]) for one in said] == [("labelled", "fail"), ("cel", "error")]
