"""Which objects a look-up is about."""

import pytest

from propolis.core.evaluation import LookupKey
from propolis.policy import lookups
from propolis.policy.controllers.concerns import Concern, concern_of
from propolis.policy.model.global_context import (
    ExternalApiCall,
    GlobalContextEntry,
    GlobalContextSpec,
    KubernetesResource,
)
from tests.harness.scanned_cluster import SERVED

ENTRIES = {
    "kind": GlobalContextEntry(
        "kind", GlobalContextSpec(KubernetesResource("v1", "deployments", "apps", namespace="a"))
    ),
    "call": GlobalContextEntry(
        "call", GlobalContextSpec(api_call=ExternalApiCall(url_path="/api/v1/namespaces/a/secrets"))
    ),
    "post": GlobalContextEntry(
        "post", GlobalContextSpec(api_call=ExternalApiCall(url_path="/api/v1/pods", method="POST"))
    ),
}
PODS = ("", "pods")


@pytest.mark.parametrize(
    ("key", "concern"),
    [
        (lookups.namespace_key("a"), Concern(("", "namespaces"), "", "a")),
        (lookups.config_map_key("a", "b"), Concern(("", "configmaps"), "a", "b")),
        (LookupKey("serviceaccount", ("a", "b")), Concern(("", "serviceaccounts"), "a", "b")),
        (lookups.api_call_key("GET", "/api/v1/pods?labelSelector=a"), Concern(PODS)),
        (lookups.api_call_key("GET", "/api/v1/namespaces/a/pods"), Concern(PODS, "a")),
        (
            lookups.api_call_key("GET", "/apis/apps/v1/namespaces/a/deployments/b"),
            Concern(("apps", "deployments"), "a", "b"),
        ),
        (lookups.api_call_key("GET", "/api/v1/namespaces/a/pods/b/log"), None),
        (lookups.api_call_key("GET", "/version"), None),
        (lookups.api_call_key("POST", "/api/v1/pods", "{}"), None),
        (lookups.resources_key("v1", "Pod", "a", "b"), Concern(PODS, "a", "b")),
        (lookups.resources_key("v1", "Pod", "a*", "?"), Concern(PODS)),
        (lookups.resources_key("v1", "Namespace", "a", "b"), Concern(("", "namespaces"), "", "b")),
        (lookups.resources_key("*", "Pod"), None),
        (lookups.resources_key("v1", "Unknown"), None),
        (lookups.global_context_key("kind", "projection"), Concern(("apps", "deployments"), "a")),
        (lookups.global_context_key("call"), Concern(("", "secrets"), "a")),
        (lookups.global_context_key("post"), None),
        (lookups.global_context_key("absent"), None),
        (LookupKey("authorization", ("{}", "path", "/x", "get")), None),
        (LookupKey("random", ("[a-z]",)), None),
    ],
    ids=str,
)
def test_a_look_up_is_about_what_it_names(key: LookupKey, concern: Concern | None) -> None:
    assert concern_of(key, SERVED, ENTRIES) == concern
