import json

import pytest

from propolis.policy.engine.crd.definition import definition_problems
from propolis.policy.engine.crd.rules import compile_rules
from propolis.policy.model.crd import parse_crd
from propolis.policy.model.schema import facts
from propolis.policy.model.schema.definitions import definition, definitions
from propolis.policy.model.schema.kinds import KINDS, STATE
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.update_request import Camel

LARGEST_ANNOTATION_BYTES = 262_144
BY_NAME = {one["metadata"]["name"]: one for one in definitions()}


def test_every_kind_has_one_definition_and_stores_one_version() -> None:
    assert len(BY_NAME) == len(KINDS) + len(STATE) == 20
    for one in BY_NAME.values():
        assert sum(version["storage"] for version in one["spec"]["versions"]) == 1


@pytest.mark.parametrize("name", BY_NAME)
def test_kubectl_apply_can_remember_a_definition(name: str) -> None:
    assert len(json.dumps(BY_NAME[name])) < LARGEST_ANNOTATION_BYTES


@pytest.mark.parametrize("name", BY_NAME)
def test_rules_in_cel_of_a_definition_compile_and_are_cheap(name: str) -> None:
    for version in parse_crd(BY_NAME[name]).versions:
        assert not list(definition_problems(compile_rules(version.schema)))


def test_a_cluster_policy_is_admitted_and_scanned_by_default_and_tells_so() -> None:
    version = BY_NAME["clusterpolicies.kyverno.io"]["spec"]["versions"][0]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert (spec["admission"]["default"], spec["background"]["default"]) == (True, True)
    columns = [one["name"] for one in version["additionalPrinterColumns"] if "priority" not in one]
    assert columns == ["ADMISSION", "BACKGROUND", "READY", "AGE", "MESSAGE"]
    assert version["subresources"] == {"status": {}}


def test_a_kind_has_no_field_that_only_another_of_its_struct_has() -> None:
    schema = BY_NAME["generatingpolicies.policies.kyverno.io"]["spec"]["versions"][0]["schema"]
    evaluation = schema["openAPIV3Schema"]["properties"]["spec"]["properties"]["evaluation"]
    assert "mode" not in evaluation["properties"]
    assert evaluation["properties"]["admission"]["properties"]["enabled"]["default"] is True


def test_a_path_that_a_kind_leaves_out_must_be_there() -> None:
    kind = next(one for one in KINDS if one.without)
    with pytest.raises(KeyError):
        definition(
            type(kind)(
                **{**{name: getattr(kind, name) for name in kind.__struct_fields__}, "without": ("a.b",)}
            )
        )


def test_every_fact_is_about_a_field_that_there_is() -> None:
    for cls, name in (*facts.FIELDS, *facts.SHAPES, *facts.REQUIRED, *facts.LEFT_OUT):
        assert issubclass(cls, ApiStruct | Camel)
        assert name in cls.__struct_fields__, f"{cls.__name__} has no {name}"
