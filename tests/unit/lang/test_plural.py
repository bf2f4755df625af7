import pytest

from propolis.lang.plural import Plurals, plural_of


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
        ("ComputeClass", "computeclasses"),
        ("Box", "boxes"),
    ],
)
def test_kinds_are_called_in_paths_as_the_api_machinery_guesses(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_a_definition_states_the_name() -> None:
    definition = {
        "kind": "CustomResourceDefinition",
        "spec": {"group": "example.org", "names": {"kind": "Moose", "plural": "moose"}},
    }
    plurals = Plurals([definition, {"kind": "Pod"}])
    assert plurals.of("example.org", "Moose") == "moose"
    assert plurals.of("other.org", "Moose") == "mooses"
