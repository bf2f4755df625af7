"""Policies of scans, one for each thing that a judgement may depend on."""

from propolis.core.resource import Document

PODS = {"any": [{"resources": {"kinds": ["Pod"]}}]}


def cluster_policy(name: str, *rules: Document, **spec: object) -> Document:
    """A ClusterPolicy."""
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name},
        "spec": {**spec, "rules": list(rules)},
    }


def deny(name: str, key: str, operator: str, value: object, **rule: object) -> Document:
    """A rule that denies pods for which a condition holds."""
    condition = {"key": key, "operator": operator, "value": value}
    validate = {"message": f"{name}: {key}", "deny": {"conditions": {"any": [condition]}}}
    return {"name": name, "match": PODS, **rule, "validate": validate}


def labelled(label: str) -> Document:
    """A pod must have a label."""
    pattern = {"metadata": {"labels": {label: "?*"}}}
    rule = {"name": "has", "match": PODS, "validate": {"message": f"no {label}", "pattern": pattern}}
    return cluster_policy("labelled", rule)


def by_namespace(level: str) -> Document:
    """A rule for pods in namespaces with a label."""
    match = {
        "any": [
            {"resources": {"kinds": ["Pod"], "namespaceSelector": {"matchLabels": {"level": level}}}},
        ]
    }
    pattern = {"metadata": {"labels": {"strict": "yes"}}}
    rule = {"name": level, "match": match, "validate": {"message": f"{level} is strict", "pattern": pattern}}
    return cluster_policy("by-namespace", rule)


def by_config_map(name: str = "rules") -> Document:
    """A rule that reads a ConfigMap of the pod's namespace."""
    context = [{"name": "found", "configMap": {"name": name, "namespace": "{{request.namespace}}"}}]
    return cluster_policy(
        "by-config-map", deny("open", "{{found.data.open}}", "NotEquals", "yes", context=context)
    )


def by_list() -> Document:
    """A rule that counts the pods of a namespace."""
    path = "/api/v1/namespaces/{{request.namespace}}/pods"
    context = [{"name": "count", "apiCall": {"urlPath": path, "jmesPath": "items | length(@)"}}]
    return cluster_policy("by-list", deny("few", "{{count}}", "GreaterThan", 2, context=context))


def until(moment: str) -> Document:
    """A rule that denies from a moment on."""
    key = "{{ time_after('{{ time_now_utc() }}', '" + moment + "') }}"
    return cluster_policy("until", deny("late", key, "Equals", value=True))


def until_annotation() -> Document:
    """A rule that denies pods from the moment on that an annotation of theirs names."""
    key = "{{ time_after('{{ time_now_utc() }}', '{{ request.object.metadata.annotations.until }}') }}"
    found = deny("own", key, "Equals", value=True)
    precondition = {"key": "{{ request.object.metadata.annotations.until || '' }}"}
    found["preconditions"] = {"all": [{**precondition, "operator": "NotEquals", "value": ""}]}
    return cluster_policy("until-annotation", found)


def exception(policy: str, rule: str, pod: str) -> Document:
    """An exception to a rule for pods of a name."""
    return {
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": f"{policy}-{pod}", "namespace": "exceptions"},
        "spec": {
            "exceptions": [{"policyName": policy, "ruleNames": [rule]}],
            "match": {"any": [{"resources": {"kinds": ["Pod"], "names": [pod]}}]},
        },
    }


def cel_policy(name: str, expression: str, **spec: object) -> Document:
    """A ValidatingPolicy on pods."""
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods"],
    }
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": expression, "message": f"not {expression}"}],
            **spec,
        },
    }


def cel_exception(policy: str, expires: str) -> Document:
    """An exception to a ValidatingPolicy, for all pods until a moment."""
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "PolicyException",
        "metadata": {"name": f"{policy}-for-now", "namespace": "exceptions"},
        "spec": {"policyRefs": [{"kind": "ValidatingPolicy", "name": policy}], "expiresAt": expires},
    }


def admission_policy(name: str, expression: str) -> list[Document]:
    """A ValidatingAdmissionPolicy on pods that reads a ConfigMap as its parameter, and its binding."""
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods"],
    }
    group = "admissionregistration.k8s.io/v1"
    policy = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": expression, "message": f"not {expression}"}],
        },
    }
    binding = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"{name}-everywhere"},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "paramRef": {"name": "parameters", "parameterNotFoundAction": "Deny"},
        },
    }
    return [policy, binding]
