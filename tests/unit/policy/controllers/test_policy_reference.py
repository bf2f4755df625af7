"""Units of a scan name the policies that they are made of."""

from propolis.core.resource import ResourceRef
from propolis.policy.controllers.units import policy_reference


def test_policies_are_named_by_their_kind() -> None:
    named = {
        "Policy/a/x": ResourceRef("kyverno.io/v1", "Policy", "x", "a"),
        "NamespacedValidatingPolicy/a/x": ResourceRef(
            "policies.kyverno.io/v1", "NamespacedValidatingPolicy", "x", "a"
        ),
        "ValidatingAdmissionPolicy//x": ResourceRef(
            "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "x"
        ),
    }
    assert {key: policy_reference(key) for key in named} == named
