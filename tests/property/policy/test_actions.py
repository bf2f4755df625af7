"""Laws of rules that are kept done: they come to rest, do nothing twice, and come to what is to be there."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.acting_world import ActingWorld, config_map, namespace

SPACES = ("one", "two", "three")
TEAMS = ("red", "blue", None)
DATA = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: data}
spec:
  rules:
    - name: make
      match: {any: [{resources: {kinds: [Namespace], selector: {matchLabels: {team: "*"}}}}]}
      generate:
        apiVersion: v1
        kind: ConfigMap
        name: made
        namespace: "{{request.object.metadata.name}}"
        synchronize: true
        data: {data: {team: "{{request.object.metadata.labels.team}}", version: "VERSION"}}
"""
COPY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: copy}
spec:
  rules:
    - name: copy
      match: {any: [{resources: {kinds: [Namespace]}}]}
      generate:
        apiVersion: v1
        kind: ConfigMap
        name: "copy-of-{{request.object.metadata.labels.team || 'nobody'}}"
        namespace: "{{request.object.metadata.name}}"
        synchronize: true
        clone: {namespace: default, name: source}
"""
MADE = ("made", "copy-of-red", "copy-of-blue", "copy-of-nobody")

steps = st.one_of(
    st.tuples(st.just("bring"), st.sampled_from(SPACES), st.sampled_from(TEAMS)),
    st.tuples(st.just("change"), st.sampled_from(SPACES), st.sampled_from(TEAMS)),
    st.tuples(st.just("drop"), st.sampled_from(SPACES), st.none()),
    st.tuples(st.just("source"), st.sampled_from(("1", "2")), st.none()),
    st.tuples(st.just("no source"), st.none(), st.none()),
    st.tuples(st.just("harm"), st.sampled_from(SPACES), st.sampled_from(MADE)),
    st.tuples(st.just("take"), st.sampled_from(SPACES), st.sampled_from(MADE)),
    st.tuples(st.just("policy"), st.sampled_from(("1", "2")), st.none()),
    st.tuples(st.just("restart"), st.none(), st.none()),
    st.tuples(st.just("settle"), st.none(), st.none()),
)


class Course:
    """What happens, one thing after the other."""

    def __init__(self) -> None:
        self.world = ActingWorld()
        self.world.put(namespace("default"))
        self.world.put(config_map("default", "source", a="0"))
        self.world.set_policies(data=DATA, copy=COPY)

    async def run(self, course: list[tuple[str, Any, Any]]) -> None:
        """All of it; an operator is asked about what comes only while it is there."""
        for what, first, second in course:
            if what == "settle":
                await self.world.settle()
            elif what == "restart":
                await self.world.settle()
                self.world.begin()
                self.world.set_policies()
            else:
                self._happens(what, first, second)

    def _happens(self, what: str, first: Any, second: Any) -> None:
        world = self.world
        labels = {"team": second} if second else {}
        match what:
            case "bring":
                document = world.put(namespace(first, **labels))
                world.ask("copy", "copy", document)
                if second:
                    world.ask("data", "make", document)
            case "change" if ("Namespace", "", first) in world.there:
                world.put(namespace(first, **labels))
            case "drop":
                world.drop("Namespace", "", first)
            case "source":
                world.put(config_map("default", "source", a=first))
            case "no source":
                world.drop("ConfigMap", "default", "source")
            case "harm" if ("ConfigMap", first, second) in world.there:
                world.put({**world.there["ConfigMap", first, second], "data": {"harm": "done"}})
            case "take":
                world.drop("ConfigMap", first, second)
            case "policy":
                world.set_policies(data=DATA.replace("VERSION", first))

    def wanted(self) -> dict[tuple[str, str], dict[str, str]]:
        """What is to be there of all that could have been made, for the namespaces that are there."""
        version = "VERSION" if "VERSION" in self.world.policies["data"] else self._version()
        source = self.world.there.get(("ConfigMap", "default", "source"))
        found = {}
        for (kind, _, name), document in self.world.there.items():
            if kind != "Namespace" or name == "default":
                continue
            team = document["metadata"]["labels"].get("team")
            if team:
                found[name, "made"] = {"team": team, "version": version}
            if source:
                found[name, f"copy-of-{team or 'nobody'}"] = source["data"]
        return found

    def _version(self) -> str:
        return self.world.policies["data"].partition('version: "')[2][0]

    def there(self) -> dict[tuple[str, str], dict[str, str]]:
        """What is there of it."""
        return {
            (space, name): document["data"]
            for (kind, space, name), document in self.world.there.items()
            if kind == "ConfigMap" and name in MADE
        }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=14))
def test_whatever_happens_comes_to_rest_and_nothing_is_done_twice(course: list[tuple[str, Any, Any]]) -> None:
    async def all_of_it() -> None:
        world = Course()
        await world.run(course)
        await world.world.settle()
        assert await world.world.settle() == []
        for document in list(world.world.there.values()):  # as a watch that begins anew tells all
            world.world._tell(document)
        assert await world.world.settle() == []

    asyncio.run(all_of_it())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=14))
def test_what_is_there_in_the_end_is_what_is_to_be_there(course: list[tuple[str, Any, Any]]) -> None:
    async def all_of_it() -> None:
        world = Course()
        await world.run(course)
        await world.world.settle()
        for space in SPACES:  # every namespace is asked about once more, as its next change would be
            document = world.world.there.get(("Namespace", "", space))
            if document is not None:
                world.world.ask("copy", "copy", document, operation="UPDATE")
                world.world.ask("data", "make", document, operation="UPDATE")
        await world.world.settle()
        assert world.there() == world.wanted()

    asyncio.run(all_of_it())
