"""A scan that is told of changes one by one ends where a scan of everything at once does."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.core.resource import Document
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import ScannedCluster

pytestmark = pytest.mark.engine

NAMESPACES = ("a", "b")
PODS = ("one", "two", "three")

POLICIES: dict[str, list[Document]] = {
    "labelled": [policies.labelled("team"), policies.labelled("app")],
    "by-namespace": [policies.by_namespace("high"), policies.by_namespace("low")],
    "by-config-map": [policies.by_config_map(), policies.by_config_map("other")],
    "by-list": [policies.by_list()],
    "until": [policies.until("2026-01-01T00:00:30Z"), policies.until("2026-01-01T01:00:00Z")],
    "until-annotation": [policies.until_annotation()],
    "exception": [
        policies.exception("labelled", "has", "one"),
        policies.exception("labelled", "has", "two"),
        policies.exception("until", "late", "*"),
    ],
    "cel": [
        policies.cel_policy("cel", "has(object.metadata.labels) && 'team' in object.metadata.labels"),
        policies.cel_policy("cel", "object.metadata.name != 'two'"),
    ],
    "cel-exception": [
        policies.cel_exception("cel", "2026-01-01T00:00:20Z"),
        policies.cel_exception("cel", "2026-01-01T02:00:00Z"),
    ],
    "native": [policies.admission_policy("native", "params.data.open == 'yes'")[0]],
    "native-binding": [policies.admission_policy("native", "true")[1]],
}

labels = st.dictionaries(
    st.sampled_from(["team", "app", "strict", "level"]), st.sampled_from(["yes", "high"])
)
moments = st.sampled_from(["2026-01-01T00:00:10Z", "2026-01-01T00:30:00Z"])
changes = st.one_of(
    st.tuples(
        st.just("pod"), st.sampled_from(NAMESPACES), st.sampled_from(PODS), labels, st.none() | moments
    ),
    st.tuples(st.just("no-pod"), st.sampled_from(NAMESPACES), st.sampled_from(PODS)),
    st.tuples(st.just("namespace"), st.sampled_from(NAMESPACES), labels),
    st.tuples(
        st.just("config"),
        st.sampled_from(NAMESPACES),
        st.sampled_from(["rules", "other", "parameters"]),
        st.sampled_from(["yes", "no"]),
    ),
    st.tuples(st.just("no-config"), st.sampled_from(NAMESPACES), st.sampled_from(["rules", "parameters"])),
    st.sampled_from(sorted(POLICIES)).flatmap(
        lambda name: st.tuples(
            st.just("policy"), st.just(name), st.none() | st.integers(0, len(POLICIES[name]) - 1)
        )
    ),
    st.tuples(st.just("time"), st.sampled_from([1, 9, 15, 1000, 3000])),
)


def apply(cluster: ScannedCluster, change: Any) -> None:
    match change:
        case "pod", namespace, name, found, until:
            annotations = {"until": until} if until else {}
            metadata = {"name": name, "namespace": namespace, "labels": found, "annotations": annotations}
            cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}})
        case "no-pod", namespace, name:
            cluster.drop("Pod", namespace, name)
        case "namespace", name, found:
            cluster.put(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": found}}
            )
        case "config", namespace, name, text:
            metadata = {"name": name, "namespace": namespace}
            cluster.put(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"open": text}}
            )
        case "no-config", namespace, name:
            cluster.drop("ConfigMap", namespace, name)
        case "policy", name, number:
            cluster.set_policy(name, None if number is None else POLICIES[name][number])
        case "time", seconds:
            cluster.pass_time(seconds)


def begun() -> ScannedCluster:
    """A cluster in which every policy has something to say."""
    cluster = ScannedCluster()
    for name in POLICIES:
        if not name.startswith("exception"):
            apply(cluster, ("policy", name, 0))
    for namespace in NAMESPACES:
        apply(cluster, ("namespace", namespace, {"level": "high"}))
        apply(cluster, ("config", namespace, "rules", "yes"))
        apply(cluster, ("config", namespace, "parameters", "no"))
        apply(cluster, ("pod", namespace, "one", {"team": "yes"}, "2026-01-01T00:00:10Z"))
    cluster.settle()
    return cluster


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(changes, st.booleans()), min_size=1, max_size=12), st.sampled_from(["begun", "empty"])
)
def test_changes_one_by_one_end_where_everything_at_once_does(steps: list[Any], begin: str) -> None:
    cluster = begun() if begin == "begun" else ScannedCluster()
    for change, settles in steps:
        apply(cluster, change)
        if settles:
            cluster.settle()
    assert cluster.settle() == cluster.fresh()


@settings(max_examples=50, deadline=None)
@given(st.lists(changes, min_size=1, max_size=20))
def test_what_has_not_changed_is_not_told_again(steps: list[Any]) -> None:
    cluster = begun()
    for change in steps:
        apply(cluster, change)
    cluster.settle()
    calls = cluster.sink.calls
    for key, document in list(cluster.objects.items()):
        cluster._tell(key, {**document, "metadata": {**document["metadata"], "resourceVersion": "x"}})
    cluster.scan.judge_all()
    cluster.settle()
    assert cluster.sink.calls == calls
