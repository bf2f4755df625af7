from propolis.policy.engine.permissions.grant import Grant, Permissions, together
from propolis.policy.engine.permissions.named import Names, plural_of
from propolis.policy.engine.permissions.permissions import permissions_of
from propolis.policy.engine.webhooks import ServedKind
from propolis.policy.sources.documents import read_policies

READ = ("get", "list", "watch")
POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  SETTINGS
  rules:
    - name: r
      match: {any: [{resources: {kinds: [KIND]}}]}
      context: [CONTEXT]
      BODY
"""
DENY = "validate: {deny: {}}"
CEL = """
apiVersion: policies.kyverno.io/v1
kind: KIND
metadata: {name: p, namespace: shop}
spec:
  evaluation: {EVALUATION}
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  SPEC
"""


def needed(*texts: str, names: Names | None = None) -> Permissions:
    read = read_policies("---".join(texts).encode(), "p.yaml")
    assert not read.errors
    return permissions_of((*read.policies, *read.cleanups), read.global_contexts, names)


def rules(
    kind: str = "Secret", context: str = "", body: str = DENY, settings: str = "background: false"
) -> str:
    text = POLICY.replace("KIND", kind).replace("CONTEXT", context).replace("BODY", body)
    return text.replace("SETTINGS", settings)


def cel(spec: str, kind: str = "ValidatingPolicy", evaluation: str = "background: {enabled: false}") -> str:
    return CEL.replace("KIND", kind).replace("SPEC", spec).replace("EVALUATION", evaluation)


def shown(found: Permissions) -> list[tuple[str, str, str, str, str, str]]:
    return [
        (one.part, one.group, one.resource, " ".join(one.verbs), one.namespace, " ".join(one.names))
        for one in found.grants
    ]


def test_a_scan_reads_what_policies_are_about_and_what_owns_it() -> None:
    found = needed(rules("Pod", settings="background: true"))
    assert {one.resource for one in found.grants} == {
        "pods", "daemonsets", "deployments", "jobs", "cronjobs", "replicasets", "statefulsets",
        "replicationcontrollers",
    }  # fmt: skip
    assert {(one.part, one.verbs, one.policies) for one in found.grants} == {
        ("scan", READ, ("ClusterPolicy p",))
    }


def test_a_policy_for_requests_alone_needs_nothing_to_match() -> None:
    assert needed(rules("Pod")).grants == ()


def test_a_config_map_is_read_by_its_name_and_watched_by_scans() -> None:
    context = "{name: c, configMap: {name: rules, namespace: shop}}"
    assert shown(needed(rules(context=context))) == [("admission", "", "configmaps", "get", "shop", "rules")]
    scanned = shown(needed(rules(context=context, settings="background: true")))
    assert ("scan", "", "configmaps", "get list watch", "", "") in scanned
    varying = '{name: c, configMap: {name: "{{request.name}}", namespace: "{{request.namespace}}"}}'
    assert shown(needed(rules(context=varying))) == [("admission", "", "configmaps", "get", "", "")]


def call(path: str, more: str = "") -> list[tuple[str, str, str, str, str, str]]:
    return shown(needed(rules(context=f'{{name: c, apiCall: {{urlPath: "{path}"{more}}}}}')))


def test_a_path_of_the_api_server_is_what_it_names() -> None:
    assert call("/api/v1/namespaces/{{request.namespace}}/pods?limit=1") == [
        ("admission", "", "pods", "list", "", "")
    ]
    assert call("/apis/apps/v1/namespaces/shop/deployments/{{ request.object.metadata.name }}/scale") == [
        ("admission", "apps", "deployments/scale", "get", "shop", "")
    ]
    assert call("/api/v1/namespaces/{{ a || '{{ b }}' }}") == [("admission", "", "namespaces", "get", "", "")]
    assert call("/version") == [("admission", "", "/version", "get", "", "")]
    reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert call(reviews, ", method: POST") == [
        ("admission", "authorization.k8s.io", "subjectaccessreviews", "create", "", "")
    ]


def test_a_path_that_only_a_request_tells_is_told() -> None:
    for path in ("/apis/{{request.kind.group}}/v1/things", "{{ path }}", "/api/v1/{{ what }}"):
        found = needed(rules(context=f'{{name: c, apiCall: {{urlPath: "{path}"}}}}'))
        assert found.grants == ()
        assert ["known with a request only" in one.text for one in found.notes] == [True]


def test_a_global_entry_stands_for_its_source() -> None:
    entry = """
apiVersion: kyverno.io/v2beta1
kind: GlobalContextEntry
metadata: {name: e}
spec: {kubernetesResource: {group: apps, version: v1, resource: deployments, namespace: shop}}
"""
    context = "{name: c, globalReference: {name: e}}"
    assert shown(needed(rules(context=context), entry)) == [
        ("admission", "apps", "deployments", "list", "shop", "")
    ]
    projected = "{name: c, globalReference: {name: e.first}}"
    assert needed(rules(context=projected), entry).grants == needed(rules(context=context), entry).grants
    assert "not among the policies" in needed(rules(context=context)).notes[0].text
    expression = 'validations: [{expression: \'globalContext.Get("e", "").size() > 0\'}]'
    assert shown(needed(cel(expression), entry)) == [("admission", "apps", "deployments", "list", "shop", "")]


def test_expressions_are_read_for_what_they_ask() -> None:
    asks = (
        'validations: [{expression: \'resource.List("v1", "pods", object.metadata.namespace).items.all(p, '
        'resource.Get("apps/v1", "deployments", "shop", p.metadata.name) != null) && '
        'authorizer.group("").resource("pods").check("get").allowed()\'}]'
    )
    assert shown(needed(cel(asks))) == [
        ("admission", "", "pods", "list", "", ""),
        ("admission", "apps", "deployments", "get", "shop", ""),
        ("admission", "authorization.k8s.io", "subjectaccessreviews", "create", "", ""),
    ]
    own = 'validations: [{expression: \'resource.Get("v1", "configmaps", "rules") != null\'}]'
    assert shown(needed(cel(own, "NamespacedValidatingPolicy"))) == [
        ("admission", "", "configmaps", "get", "shop", "rules")
    ]
    computed = 'validations: [{expression: \'resource.Get(object.a, object.b, "c", "d") != null\'}]'
    assert "computed" in needed(cel(computed)).notes[0].text


def test_what_is_made_changed_and_deleted_is_told() -> None:
    generate = (
        "generate: {apiVersion: v1, kind: ConfigMap, name: a, namespace: shop, synchronize: true, data: {}}"
    )
    assert shown(needed(rules(body=generate))) == [
        ("actions", "", "configmaps", "get list create update patch delete", "shop", "")
    ]
    targets = "[{apiVersion: apps/v1, kind: Deployment, name: a}]"
    mutate = f"mutate: {{targets: {targets}, patchStrategicMerge: {{}}}}"
    assert shown(needed(rules(body=mutate))) == [
        ("actions", "apps", "deployments", "get list update patch", "", "")
    ]
    cleanup = """
apiVersion: kyverno.io/v2
kind: CleanupPolicy
metadata: {name: c, namespace: shop}
spec: {schedule: "* * * * *", match: {any: [{resources: {kinds: [Job]}}]}}
"""
    assert shown(needed(cleanup)) == [("actions", "batch", "jobs", "get list delete", "shop", "")]
    deleting = cel('schedule: "* * * * *"', "DeletingPolicy").replace(
        "evaluation: {background: {enabled: false}}", ""
    )
    assert shown(needed(deleting)) == [("actions", "apps", "deployments", "get list delete", "", "")]


def test_what_a_generating_policy_writes_out_is_found() -> None:
    expression = (
        'generate: [{expression: \'generator.Apply("a", [{"apiVersion": "v1", "kind": "Secret"}])\'},'
        ' {template: {value: "apiVersion: networking.k8s.io/v1\\nkind: NetworkPolicy\\n"}}]'
    )
    assert shown(needed(cel(expression, "GeneratingPolicy", ""))) == [
        ("actions", "", "secrets", "get list create update patch", "", ""),
        ("actions", "networking.k8s.io", "networkpolicies", "get list create update patch", "", ""),
    ]


def test_what_a_generating_policy_computes_or_copies_is_found_too() -> None:
    computed = (
        'variables: [{name: a, expression: \'dyn({"apiVersion": dyn("v1"), "kind": dyn("Service")})\'}]\n'
        "  generate: [{expression: 'generator.Apply(\"a\", [variables.a])'}]"
    )
    assert [one.resource for one in needed(cel(computed, "GeneratingPolicy", "")).grants] == ["services"]
    copied = 'generator.Apply("a", [resource.List("v1", "secrets", "b")])'
    found = needed(cel(f"generate: [{{expression: '{copied}'}}]", "GeneratingPolicy", ""))
    assert ("actions", "", "secrets", "get list create update patch", "", "") in shown(found)
    unknown = "generate: [{expression: 'generator.Apply(\"a\", [object])'}]"
    assert "computed by an expression" in needed(cel(unknown, "GeneratingPolicy", "")).notes[0].text


def test_a_kind_that_nobody_knows_is_guessed_without_a_cluster_and_never_with_one() -> None:
    text = rules("argoproj.io/v1alpha1/Rollout", settings="background: true")
    offline = needed(text)
    assert shown(offline) == [("scan", "argoproj.io", "rollouts", "get list watch", "", "")]
    assert "is guessed" in offline.notes[0].text
    served = (ServedKind("", "v1", "Pod", "pods"),)
    live = needed(text, names=Names(served, guesses=False))
    assert (live.grants, [one.text for one in live.notes]) == (
        (), ["no resource is known for argoproj.io/v1alpha1/Rollout"],
    )  # fmt: skip


def test_a_kind_that_left_kubernetes_needs_nothing() -> None:
    found = needed(rules("policy/v1beta1/PodSecurityPolicy", settings="background: true"))
    assert found == Permissions()


def test_a_wildcard_is_every_kind_that_is_known() -> None:
    served = (ServedKind("", "v1", "Pod", "pods"), ServedKind("", "v1", "Secret", "secrets"))
    found = needed(rules("'*'", settings="background: true"), names=Names(served, guesses=False))
    assert [one.resource for one in found.grants] == ["pods", "secrets"]


def test_a_wider_permission_makes_a_narrower_one_needless() -> None:
    wide = Grant("scan", "", "configmaps", READ, policies=("a",))
    narrow = Grant("scan", "", "configmaps", ("get", "create"), "shop", ("rules",), ("b",))
    left = Grant("scan", "", "configmaps", ("create",), "shop", ("rules",), ("b",))
    assert together([narrow, wide]) == (left, wide)
    of_namespace = Grant("scan", "", "configmaps", ("get",), "shop")
    elsewhere = Grant("scan", "", "configmaps", ("get",), "other", ("rules",))
    assert together([of_namespace, elsewhere]) == tuple(sorted([of_namespace, elsewhere]))


def test_plurals_are_those_of_the_conventions() -> None:
    kinds = ("Ingress", "NetworkPolicy", "Gateway", "Endpoints", "Pod", "Batch")
    assert list(map(plural_of, kinds)) == [
        "ingresses", "networkpolicies", "gateways", "endpoints", "pods", "batches",
    ]  # fmt: skip
