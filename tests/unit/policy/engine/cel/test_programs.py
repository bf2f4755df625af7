"""Expressions of policies as programs."""

import pytest

from propolis.policy.engine.cel.programs import Expressions, PolicyError

KINDS_OF_ONE_TYPE = [
    "ValidatingAdmissionPolicy",
    "MutatingAdmissionPolicy",
    "ClusterPolicy",
    "ValidatingPolicy",
    "NamespacedMutatingPolicy",
    "DeletingPolicy",
    "ImageValidatingPolicy",
]


@pytest.mark.parametrize("kind", KINDS_OF_ONE_TYPE)
def test_literals_of_several_types_are_an_error_of_the_policy(kind: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Expressions(kind).program("[1, 'a'].size() > 0", "validations", 0, "expression")
    assert caught.value.text.startswith("spec.validations[0].expression: ")
    assert "expected type 'int' but found 'string'" in caught.value.text


def test_a_generating_policy_may_mix_types() -> None:
    assert Expressions("GeneratingPolicy").program("[1, 'a'].size() > 0").type.kind == "bool"


@pytest.mark.parametrize("expression", ["['a', object.b].size() > 0", "object.a.matches('[')"])
def test_only_what_an_api_server_compiles_is_validated(expression: str) -> None:
    assert Expressions("ValidatingPolicy").program(expression).type.kind == "bool"
    for kind in ("ValidatingAdmissionPolicy", "MutatingPolicy"):
        with pytest.raises(PolicyError):
            Expressions(kind).program(expression)
