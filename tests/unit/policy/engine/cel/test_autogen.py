"""What a policy on pods means for what makes pods."""

from typing import Any

import pytest

from propolis.policy.engine.cel.autogen import CONTROLLERS, for_controllers
from propolis.policy.engine.cel.extraction import MOST_TEMPLATES, templates
from tests.unit.policy.engine.cel_examples import cel_policy, said
from tests.unit.policy.engine.examples import pod

CHECK = "validations: [{expression: \"object.spec.containers.all(c, c.image != 'bad')\", message: m}]"


PODS = 'resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods]}]'


def made(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "w", "namespace": "shop"},
        "spec": spec,
    }


def template(image: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "a", "image": image}]}}


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"])
def test_controllers_are_judged_by_their_templates(kind: str) -> None:
    for image, outcome in (("good", "pass"), ("bad", "fail")):
        document = made("apps/v1", kind, {"template": template(image)})
        assert said(cel_policy(CHECK), document)[0] == outcome


def test_jobs_and_cron_jobs_are_too() -> None:
    job = {"template": template("bad")}
    assert said(cel_policy(CHECK), made("batch/v1", "Job", job))[0] == "fail"
    assert said(cel_policy(CHECK), made("batch/v1", "CronJob", {"jobTemplate": {"spec": job}}))[0] == "fail"


def test_a_policy_names_the_controllers_that_it_means() -> None:
    text = f"autogen: {{podControllers: {{controllers: [deployments, nonsense]}}}}\n{CHECK}"
    for kind, outcome in (("Deployment", "fail"), ("DaemonSet", "none")):
        assert said(cel_policy(text), made("apps/v1", kind, {"template": template("bad")}))[0] == outcome


@pytest.mark.parametrize(
    "constraints",
    [
        'resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods, services]}]',
        'resourceRules: [{apiGroups: ["*"], apiVersions: [v1], resources: [pods]}]',
        'resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], resourceNames: [a]}]',
        f"{PODS}, objectSelector: {{matchLabels: {{a: b}}}}",
        f"{PODS}, excludeResourceRules: [{{}}]",
    ],
)
def test_only_a_policy_on_pods_alone_is_moved(constraints: str) -> None:
    assert not list(for_controllers(cel_policy(f"matchConstraints: {{{constraints}}}\n{CHECK}")))


def test_the_namespace_of_the_object_is_not_moved() -> None:
    text = "validations: [{{expression: \"object.metadata.{} == 'x' && oldObject.spec.a\"}}]"
    expected = {
        "namespace": "object.metadata.namespace == 'x' && oldObject.spec.template.spec.a",
        "namespaces": "object.spec.template.metadata.namespaces == 'x' && oldObject.spec.template.spec.a",
        "labels": "object.spec.template.metadata.labels == 'x' && oldObject.spec.template.spec.a",
    }
    for field, expression in expected.items():
        moved, _ = for_controllers(cel_policy(text.format(field)))
        assert moved.spec.validations[0].expression == expression  # type: ignore[union-attr,index]


def test_all_controllers_are_meant_where_none_is_named() -> None:
    moved = list(for_controllers(cel_policy(CHECK)))
    named = {
        resource
        for one in moved
        for rule in one.spec.match_constraints.resource_rules or ()  # type: ignore[union-attr]
        for resource in rule.resources or ()
    }
    assert named == set(CONTROLLERS)


CUSTOM = f'autogen: {{podControllers: {{controllers: ["jobsets.v1alpha2.jobset.x-k8s.io"]}}}}\n{CHECK}'


def job_set(*images: str) -> dict[str, Any]:
    jobs = [{"template": {"spec": {"template": template(image)}}} for image in images]
    return made("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": jobs})


def test_templates_of_any_named_workload_are_judged_as_pods() -> None:
    assert said(cel_policy(CUSTOM), job_set("good", "good")) == ("pass", "success")
    path = "spec.replicatedJobs[1].template.spec.template"
    assert said(cel_policy(CUSTOM), job_set("good", "bad")) == ("fail", f"m (pod template at {path})")
    assert said(cel_policy(CUSTOM), pod())[0] == "pass"


def test_a_workload_without_templates_is_an_error() -> None:
    text = "error: extraction mode: no pod template found in jobset.x-k8s.io/v1alpha2/JobSet"
    assert said(cel_policy(CUSTOM), job_set()) == ("error", text)


def test_a_template_has_containers_with_names_and_images() -> None:
    for broken in ({"name": "", "image": "i"}, {"image": "i"}, {"name": "n"}, {"name": 1, "image": "i"}, 1):
        assert not list(templates({"spec": {"t": {"spec": {"containers": [broken]}}}}))
    within = template("i")
    within["spec"]["inner"] = template("j")
    assert [path for path, _ in templates({"spec": {"b": within, "a": within}, "status": within})] == [
        "spec.a",
        "spec.b",
    ]


def test_templates_have_an_end() -> None:
    many = {"spec": {"l": [template("i")] * (MOST_TEMPLATES + 1)}}
    assert len(list(templates(many))) == MOST_TEMPLATES


def test_mutations_of_custom_workloads_are_skipped_and_say_so() -> None:
    spec = """
        autogen: {podControllers: {controllers: ["jobsets.v1alpha2.jobset.x-k8s.io"]}}
        mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[]"}}]
    """
    outcome, message = said(cel_policy(spec, "MutatingPolicy"), job_set("good"))
    assert outcome == "skip"
    assert "not yet supported" in message
