from propolis.policy.sources.documents import read_policies

GOOD = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: good}
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {deny: {}}
"""
BAD = GOOD.replace("name: good", "name: bad").replace("validate: {deny: {}}", "validate: {denied: {}}")


def test_a_wrong_policy_does_not_stop_the_others_and_tells_its_place() -> None:
    loaded = read_policies(f"{GOOD}---\nkind: Pod\n---\n{BAD}---\n{{\n".encode(), "all.yaml")
    assert [policy.name for policy in loaded.policies] == ["good"]
    assert [str(error).split(": ")[0] for error in loaded.errors] == ["all.yaml:19:16", "all.yaml:22:1"]
    assert "unknown field `denied`" in str(loaded.errors[0])


def test_a_policy_remembers_where_it_came_from() -> None:
    (policy,) = read_policies(f"---\n{GOOD}".encode(), "one.yaml").policies
    assert (policy.origin.path, policy.origin.line) == ("one.yaml", 2)


def test_cleanup_policies_and_global_entries_are_read_beside_policies() -> None:
    data = b"""
{apiVersion: kyverno.io/v2, kind: ClusterCleanupPolicy, metadata: {name: c},
 spec: {schedule: "@daily", match: {any: [{resources: {kinds: [Pod]}}]}}}
---
{apiVersion: kyverno.io/v2beta1, kind: GlobalContextEntry, metadata: {name: g},
 spec: {apiCall: {urlPath: /x}}}
---
{apiVersion: kyverno.io/v2, kind: CleanupPolicy, metadata: {name: d}, spec: {schedule: never, match: {}}}
"""
    loaded = read_policies(data, "f.yaml")
    assert [item.name for item in loaded.cleanups] == ["c"]
    assert [item.name for item in loaded.global_contexts] == ["g"]
    assert [error.place.line for error in loaded.errors] == [8]


def test_a_list_is_the_policies_in_it_and_errors_have_their_lines() -> None:
    items = ["  - " + one.replace("\n", "\n    ").rstrip() for one in (GOOD, BAD)]
    text = "\n".join(("apiVersion: v1", "kind: List", "items:", *items, "  - 7", ""))
    read = read_policies(text.encode(), "all.yaml")
    assert [policy.name for policy in read.policies] == ["good"]
    assert [str(error).split(": ")[0] for error in read.errors] == ["all.yaml:19:20"]
