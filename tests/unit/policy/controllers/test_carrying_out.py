"""Each action does what it says, and nothing to what is not meant."""

import asyncio
from typing import Any

import pytest

from propolis.core.action import Action
from propolis.core.errors import SourceError
from propolis.core.resource import Document, ResourceRef, reference_of
from propolis.policy.controllers.carrying_out import carry_out, delete_only
from propolis.policy.model.action import Create, Delete, Patch, Update
from tests.harness.acting_world import ActingWorld, config_map

REF = ResourceRef("v1", "ConfigMap", "a", "shop")
KEY = ("ConfigMap", "shop", "a")
RULES = ("p/r",)
MINE = {"by": "rule"}


def done(world: ActingWorld, action: Action) -> bool:
    return asyncio.run(carry_out(world, action))


def deleted(world: ActingWorld, labels: dict[str, str] = MINE) -> bool:
    return asyncio.run(delete_only(world, REF, labels))


def patched(version: str) -> Patch:
    operations: tuple[dict[str, Any], ...] = ({"op": "replace", "path": "/data/x", "value": "2"},)
    document: Document = {**config_map("shop", "a", x="2"), "metadata": {"resourceVersion": version}}
    return Patch(REF, "", RULES, operations, document, is_existing=True)


def test_what_is_there_already_is_not_made_again() -> None:
    world = ActingWorld()
    assert done(world, Create(REF, "", RULES, config_map("shop", "a", x="1")))
    assert not done(world, Create(REF, "", RULES, config_map("shop", "a", x="2")))
    assert world.there[KEY]["data"] == {"x": "1"}
    assert done(world, Create(REF, "", RULES, config_map("shop", "a", x="3"), applies=True))
    assert world.there[KEY]["data"] == {"x": "3"}


@pytest.mark.parametrize("applies", [True, False])
def test_an_update_puts_the_document_in_its_place(applies: bool) -> None:  # noqa: FBT001  # both
    world = ActingWorld()
    world.put(config_map("shop", "a", x="1"))
    assert done(world, Update(REF, "", RULES, config_map("shop", "a", x="2"), applies=applies))
    assert world.there[KEY]["data"] == {"x": "2"}
    assert world.writes == [("create" if applies else "replace", KEY)] or applies


def test_a_patch_is_for_the_version_that_was_looked_at() -> None:
    world = ActingWorld()
    version = world.put(config_map("shop", "a", x="1"))["metadata"]["resourceVersion"]
    assert done(world, patched(version))
    with pytest.raises(SourceError, match="another"):
        done(world, patched(version))


def test_a_deletion_is_for_the_object_that_was_meant() -> None:
    world = ActingWorld()
    world.put(config_map("shop", "a"))
    done(world, Delete(ResourceRef("v1", "ConfigMap", "a", "shop", uid="other"), "", RULES))
    assert KEY in world.there
    done(world, Delete(reference_of(world.there[KEY]), "", RULES))
    assert KEY not in world.there


def test_only_what_carries_the_labels_of_a_rule_is_deleted_for_it() -> None:
    world = ActingWorld()
    world.put(config_map("shop", "a", {"by": "somebody"}))
    assert not deleted(world)
    world.put(config_map("shop", "a", MINE))
    assert deleted(world)
    assert not deleted(world)
    assert world.writes == [("delete", KEY)]


def test_what_is_being_deleted_is_not_deleted_again() -> None:
    world = ActingWorld()
    found = config_map("shop", "a", MINE)
    world.put({**found, "metadata": {**found["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert not deleted(world)


def test_an_action_that_nobody_knows_is_refused() -> None:
    with pytest.raises(SourceError, match="nobody knows how"):
        done(ActingWorld(), Action(REF, ""))
