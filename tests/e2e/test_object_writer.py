"""Objects of a real API server are made, replaced, patched and deleted while they are what was meant."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from propolis.cluster.kubeconfig import load_access
from propolis.cluster.object_writer import ChangedError, ObjectWriter
from propolis.cluster.reader import open_reader
from propolis.core.errors import SourceError
from propolis.core.resource import Document, ResourceRef
from tests.harness.control_plane import ControlPlane

Work = Callable[[ObjectWriter], Awaitable[Any]]


@pytest.fixture
def written(control_plane: ControlPlane) -> Callable[[Work], Any]:
    def run(work: Work) -> Any:
        async def with_reader() -> Any:
            async with open_reader(load_access((control_plane.kubeconfig,), "")) as reader:
                return await work(ObjectWriter(reader))

        return asyncio.run(with_reader())

    return run


def config_map(namespace: str, name: str = "a", **data: str) -> Document:
    metadata = {"name": name, "namespace": namespace, "labels": {"own": "yes"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def ref(namespace: str, name: str = "a", uid: str = "") -> ResourceRef:
    return ResourceRef("v1", "ConfigMap", name, namespace, uid=uid)


def test_an_object_is_made_once_and_replaced_whole(written: Callable[[Work], Any], namespace: str) -> None:
    async def work(writer: ObjectWriter) -> Document | None:
        assert await writer.create(config_map(namespace, a="1", b="1"))
        assert not await writer.create(config_map(namespace, a="2"))
        await writer.patch(
            ref(namespace), [{"op": "add", "path": "/metadata/labels/theirs", "value": "x"}], ""
        )
        await writer.replace(config_map(namespace, a="3"))
        return await writer.get(ref(namespace))

    found = written(work)
    assert found["data"] == {"a": "3"}
    assert found["metadata"]["labels"] == {"own": "yes", "theirs": "x"}


def test_what_has_changed_meanwhile_is_not_patched(written: Callable[[Work], Any], namespace: str) -> None:
    async def work(writer: ObjectWriter) -> None:
        await writer.create(config_map(namespace, a="1"))
        seen = await writer.get(ref(namespace))
        assert seen is not None
        version = seen["metadata"]["resourceVersion"]
        change = [{"op": "replace", "path": "/data/a", "value": "2"}]
        await writer.patch(ref(namespace), change, version)
        with pytest.raises(ChangedError):
            await writer.patch(ref(namespace), change, version)
        with pytest.raises(ChangedError):
            await writer.patch(ref(namespace, "gone"), change, "")
        with pytest.raises(ChangedError):
            await writer.replace(config_map(namespace, "gone"))

    written(work)


def test_only_the_object_that_was_meant_is_deleted(written: Callable[[Work], Any], namespace: str) -> None:
    async def work(writer: ObjectWriter) -> None:
        await writer.create(config_map(namespace, a="1"))
        with pytest.raises(SourceError, match="409"):
            await writer.delete(ref(namespace, uid="another"))
        found = await writer.get(ref(namespace))
        assert found is not None
        await writer.delete(ref(namespace, uid=found["metadata"]["uid"]))
        assert await writer.get(ref(namespace)) is None
        await writer.delete(ref(namespace))

    written(work)


def test_applying_takes_over_what_is_there(written: Callable[[Work], Any], namespace: str) -> None:
    async def work(writer: ObjectWriter) -> Document | None:
        await writer.create(config_map(namespace, a="1"))
        assert await writer.create(config_map(namespace, a="2"), applies=True)
        return await writer.get(ref(namespace))

    assert written(work)["data"] == {"a": "2"}


def test_kinds_that_are_not_served_are_an_error(written: Callable[[Work], Any], namespace: str) -> None:
    async def work(writer: ObjectWriter) -> None:
        await writer.create({**config_map(namespace), "kind": "Nothing"})

    with pytest.raises(SourceError, match="has no Nothing"):
        written(work)
