"""Labels by which what a rule made is found again. Kyverno's names, so that either takes over from the other.

Facts from Kyverno api/kyverno/constants.go and pkg/background/common/labels.go @ 111e07b.
"""

from propolis.core.resource import Document, reference_of

PREFIX = "generate.kyverno.io/"
MANAGED_BY = "app.kubernetes.io/managed-by"
LONGEST = 63


def labelled(document: Document, trigger: Document, policy: str, namespace: str, rule: str) -> Document:
    """A document with the labels of its rule and trigger; a label of its own for who manages it stays."""
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    own = fields.get("labels")
    labels = {MANAGED_BY: "kyverno", **(own if isinstance(own, dict) else {})}
    ref = reference_of(trigger)
    labels |= {
        f"{PREFIX}{name}": text[:LONGEST]
        for name, text in (
            ("policy-name", policy),
            ("policy-namespace", namespace),
            ("rule-name", rule),
            ("trigger-group", ref.group),
            ("trigger-version", ref.api_version.rpartition("/")[2]),
            ("trigger-kind", ref.kind),
            ("trigger-namespace", ref.namespace),
            ("trigger-uid", ref.uid),
        )
    }
    return {**document, "metadata": {**fields, "labels": labels}}
