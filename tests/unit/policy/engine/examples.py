"""Short ways to policies, resources and results for the tests of the engine."""

from datetime import UTC, datetime
from typing import Any

import yaml

from propolis.core.evaluation import Lookups
from propolis.core.finding import Finding
from propolis.core.resource import Origin, Resource, reference_of
from propolis.policy.engine import PolicySubject, UserInfo, compile_policies, evaluate
from propolis.policy.model import Policy, parse_policy

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def policy(rules: str, **annotations: str) -> Policy:
    """A ClusterPolicy called ``p`` from the YAML of its rules."""
    return parse_policy(
        {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": "p", "annotations": annotations},
            "spec": {"rules": yaml.safe_load(rules)},
        }
    )


def pod_rule(validate: str, extra: str = "") -> str:
    """One rule ``r`` on Pods with a validate block of flow or block YAML."""
    text = "\n".join("    " + line for line in validate.strip("\n").splitlines())
    more = "\n".join("  " + line for line in extra.strip("\n").splitlines())
    return f"- name: r\n  match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n{more}\n  validate:\n{text}\n"


def pod(**spec: Any) -> dict[str, Any]:
    """A Pod ``web`` in the namespace ``shop``."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "app", "image": "nginx:1.27"}], **spec},
    }


def subject(document: dict[str, Any], **fields: Any) -> PolicySubject:
    """A subject of a document."""
    return PolicySubject(Resource(reference_of(document), document, Origin("test.yaml")), **fields)


def findings(
    found: Policy | list[Policy], document: dict[str, Any], lookups: Lookups | None = None, **fields: Any
) -> tuple[Finding, ...]:
    """What policies say about a document."""
    policies = found if isinstance(found, list) else [found]
    return evaluate(compile_policies(policies), subject(document, **fields), lookups or {}, NOW).findings


def outcome(rules: str, document: dict[str, Any], **fields: Any) -> tuple[str, str]:
    """Outcome and message of the only finding; ``none`` when there is none."""
    found = findings(policy(rules), document, **fields)
    assert len(found) <= 1
    return (str(found[0].outcome), found[0].message) if found else ("none", "")


ALICE = UserInfo(username="alice", groups=("dev",), cluster_roles=("view",))
