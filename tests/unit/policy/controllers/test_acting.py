"""Rules that make resources, or change ones that are there, on a cluster in memory."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from propolis.core import clock
from propolis.core.resource import ResourceRef
from propolis.policy.controllers import acting as acting_module
from propolis.policy.engine.generated_labels import PREFIX
from tests.harness.acting_world import ActingWorld, config_map, namespace

Written = list[tuple[str, tuple[str, str, str]]]


def generating(
    policy: str = "quota", *, match: str = "{kinds: [Namespace]}", more: str = "", **fields: str
) -> str:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "made",
        "namespace": '"{{request.object.metadata.name}}"',
        "synchronize": "true",
        **fields,
    }
    if not {"data", "clone", "cloneList"} & fields.keys():
        body["data"] = "{data: {team: \"{{request.object.metadata.labels.team || 'none'}}\"}}"
    lines = "\n".join(f"        {key}: {text}" for key, text in body.items())
    return f"""
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: {policy}}}
spec:
  {more}
  rules:
    - name: make
      match: {{any: [{{resources: {match}}}]}}
      generate:
{lines}
"""


MUTATING = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: mark}
spec:
  mutateExistingOnPolicyUpdate: EXISTING
  rules:
    - name: mark
      match: {any: [{resources: {kinds: [Namespace]}}]}
      mutate:
        targets: [{apiVersion: v1, kind: ConfigMap, namespace: "{{request.object.metadata.name}}"}]
        patchStrategicMerge:
          data: {by: "{{request.userInfo.username || 'nobody'}}"}
"""
GPOL = """
apiVersion: policies.kyverno.io/v1
kind: GeneratingPolicy
metadata: {name: cel}
spec:
  evaluation:
    synchronize: {enabled: true}
    orphanDownstreamOnPolicyDelete: {enabled: ORPHAN}
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [namespaces]}
  matchConditions:
    - {name: wanted, expression: "!has(object.metadata.labels) || !('off' in object.metadata.labels)"}
  variables:
    - name: made
      expression: >-
        [{"apiVersion": dyn("v1"), "kind": dyn("ConfigMap"),
          "metadata": dyn({"name": has(object.metadata.labels) && 'as' in object.metadata.labels
                                   ? object.metadata.labels['as'] : "made"}),
          "data": dyn({"a": "b"})}]
  generate: [{expression: "generator.Apply(object.metadata.name, variables.made)"}]
"""


class Run:
    """A world, and what happens in it."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.world = ActingWorld()
        self._runner = runner

    def settle(self) -> Written:
        return self._runner.run(self.world.settle())

    def made(self, space: str = "shop", name: str = "made") -> dict[str, Any] | None:
        found = self.world.there.get(("ConfigMap", space, name))
        return found["data"] if found else None

    def bring(
        self, document: dict[str, Any], policy: str = "quota", rule: str = "make", user: str = ""
    ) -> str:
        """Somebody makes or changes an object, which a rule is for."""
        key = document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"]
        operation = "UPDATE" if key in self.world.there else "CREATE"
        return self.world.ask(policy, rule, self.world.put(document), user, operation)


@pytest.fixture
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield Run(runner)


MADE = ("ConfigMap", "shop", "made")


def test_a_request_makes_what_the_rule_says_once(run: Run) -> None:
    run.world.set_policies(a=generating())
    name = run.bring(namespace("shop", team="red"))
    assert run.settle() == [("create", MADE)]
    assert run.made() == {"team": "red"}
    labels = run.world.there[MADE]["metadata"]["labels"]
    assert labels[f"{PREFIX}policy-name"] == "quota"
    assert labels[f"{PREFIX}trigger-uid"] == run.world.there["Namespace", "", "shop"]["metadata"]["uid"]
    assert run.world.settled == [(name, "", True)]
    assert [(deed.what, str(deed.resource)) for deed in run.world.deeds] == [
        ("Create", "shop/ConfigMap/made")
    ]
    assert run.settle() == []


def test_what_was_made_is_brought_back_when_it_is_deleted_or_changed(run: Run) -> None:
    run.world.set_policies(a=generating())
    run.bring(namespace("shop", team="red"))
    run.settle()
    run.world.drop(*MADE)
    assert run.settle() == [("create", MADE)]
    run.world.put({**run.world.there[MADE], "data": {"team": "theirs"}})
    assert run.settle() == [("replace", MADE)]
    assert run.made() == {"team": "red"}


def test_a_trigger_that_changes_is_followed_and_one_that_goes_takes_what_was_made_along(run: Run) -> None:
    run.world.set_policies(a=generating())
    run.bring(namespace("shop", team="red"))
    run.settle()
    run.world.put(namespace("shop", team="blue"))
    run.settle()
    assert run.made() == {"team": "blue"}
    run.world.drop("Namespace", "", "shop")
    assert run.settle() == [("delete", MADE)]
    assert len(run.world.acting.pairs) == 0


def test_a_trigger_that_the_rule_is_no_longer_for_takes_what_was_made_along(run: Run) -> None:
    run.world.set_policies(a=generating(match="{kinds: [Namespace], selector: {matchLabels: {team: '*'}}}"))
    run.bring(namespace("shop", team="red"))
    run.settle()
    run.world.put(namespace("shop"))
    assert run.settle() == [("delete", MADE)]


def test_rules_that_do_not_synchronize_leave_alone_what_they_made(run: Run) -> None:
    run.world.set_policies(a=generating(synchronize="false"))
    run.bring(namespace("shop", team="red"))
    run.settle()
    run.world.put({**run.world.there[MADE], "data": {"team": "theirs"}})
    run.world.drop("Namespace", "", "shop")
    run.world.set_policies(a=None)
    assert run.settle() == []
    assert run.made() == {"team": "theirs"}


def test_a_copy_follows_its_source_and_goes_with_it(run: Run) -> None:
    run.world.put(config_map("default", "source", a="1"))
    run.world.set_policies(a=generating(clone="{namespace: default, name: source}"))
    run.bring(namespace("shop"))
    run.settle()
    assert run.made() == {"a": "1"}
    run.world.put(config_map("default", "source", a="2"))
    run.settle()
    assert run.made() == {"a": "2"}
    run.world.drop("ConfigMap", "default", "source")
    run.settle()
    assert run.made() is None
    run.world.put(config_map("default", "source", a="3"))
    run.settle()
    assert run.made() == {"a": "3"}


def test_of_a_list_of_copies_only_those_go_whose_source_does(run: Run) -> None:
    for name in ("one", "two"):
        run.world.put(config_map("default", name, {"copy": "yes"}, a=name))
    kinds = "{namespace: default, kinds: [v1/ConfigMap], selector: {matchLabels: {copy: 'yes'}}}"
    text = generating(cloneList=kinds)
    for line in ("        apiVersion: v1\n", "        kind: ConfigMap\n", "        name: made\n"):
        text = text.replace(line, "")
    run.world.set_policies(a=text)
    run.bring(namespace("shop"))
    run.settle()
    assert (run.made(name="one"), run.made(name="two")) == ({"a": "one"}, {"a": "two"})
    run.world.drop("ConfigMap", "default", "one")
    assert run.settle() == [("delete", ("ConfigMap", "shop", "one"))]


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        ({}, True),
        ({"orphanDownstreamOnPolicyDelete": "true"}, False),
        ({"clone": "{namespace: default, name: source}"}, False),
    ],
)
def test_a_policy_that_goes_takes_along_what_it_made_of_data(
    run: Run,
    fields: dict[str, str],
    goes: bool,  # noqa: FBT001  # what is expected
) -> None:
    run.world.put(config_map("default", "source", team="none"))
    run.world.set_policies(a=generating(**fields))
    run.bring(namespace("shop"))
    run.settle()
    run.world.set_policies(a=None)
    run.settle()
    assert (run.made() is None) is goes
    assert len(run.world.acting.pairs) == 0


def test_a_policy_that_goes_while_it_is_carried_out_leaves_nothing(run: Run) -> None:
    run.world.set_policies(a=generating())
    run.bring(namespace("shop"))
    create = run.world.create

    async def late(document: dict[str, Any], *, applies: bool = False) -> bool:
        run.world.set_policies(a=None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await create(document, applies=applies)

    run.world.create = late  # type: ignore[method-assign]  # somebody deletes the policy meanwhile
    assert run.settle() == [("create", MADE), ("delete", MADE)]
    run.world.drop("Namespace", "", "shop")
    assert run.settle() == []


def test_a_fault_of_the_program_ends_nothing_else(run: Run) -> None:
    run.world.set_policies(a=generating())

    async def broken(document: dict[str, Any], *, applies: bool = False) -> bool:
        assert document
        raise ZeroDivisionError(applies)

    create, run.world.create = run.world.create, broken  # type: ignore[method-assign]  # a fault
    run.bring(namespace("shop"))
    run.settle()
    assert run.world.acting.counts["faults"]
    run.world.create = create  # type: ignore[method-assign]  # mended
    run.bring(namespace("yard"))
    assert run.settle() == [("create", ("ConfigMap", "yard", "made"))]


def test_a_policy_that_changes_is_carried_over(run: Run) -> None:
    run.world.set_policies(a=generating())
    run.bring(namespace("shop"))
    run.settle()
    run.world.set_policies(a=generating(data="{data: {other: data}}"))
    assert run.settle() == [("replace", MADE)]
    assert run.made() == {"other": "data"}


def test_what_a_rule_no_longer_makes_after_it_was_changed_is_left_alone(run: Run) -> None:
    for name in ("one", "two"):
        run.world.put(config_map("default", name, {"copy": "yes", "only": name}, a=name))
    text = generating(cloneList="{namespace: default, kinds: [v1/ConfigMap], selector: {matchLabels: KEPT}}")
    for line in ("        apiVersion: v1\n", "        kind: ConfigMap\n", "        name: made\n"):
        text = text.replace(line, "")
    run.world.set_policies(a=text.replace("KEPT", "{copy: 'yes'}"))
    run.bring(namespace("shop"))
    run.settle()
    run.world.set_policies(a=text.replace("KEPT", "{only: one}"))
    assert run.settle() == [("patch", ("ConfigMap", "shop", "two"))]
    assert f"{PREFIX}policy-name" not in run.world.there["ConfigMap", "shop", "two"]["metadata"]["labels"]
    run.world.put(config_map("default", "two", {"copy": "yes", "only": "two"}, a="other"))
    run.world.drop("Namespace", "", "shop")
    assert run.settle() == [("delete", ("ConfigMap", "shop", "one"))]


def test_an_operator_that_begins_finds_what_was_made_before(run: Run) -> None:
    run.world.set_policies(a=generating())
    run.bring(namespace("shop", team="red"))
    run.bring(namespace("yard", team="red"))
    run.settle()
    run.world.begin()
    run.world.drop("Namespace", "", "yard")
    run.world.put({**run.world.there[MADE], "data": {"team": "theirs"}})
    run.world.set_policies(a=generating())
    assert sorted(run.settle()) == [("delete", ("ConfigMap", "yard", "made")), ("replace", MADE)]


def test_objects_that_no_rule_made_are_never_deleted(run: Run) -> None:
    run.world.set_policies(a=generating(synchronize="true"))
    run.bring(namespace("shop"))
    run.settle()
    bare = {**run.world.there[MADE], "metadata": {"name": "made", "namespace": "shop"}}
    run.world.refuses = {"ConfigMap"}  # nobody brings it back meanwhile
    run.world.put(bare)
    run.world.drop("Namespace", "", "shop")
    run.world.refuses = set()
    run.settle()
    assert run.made() is not None


def test_what_is_there_gets_what_it_lacks_when_the_policy_comes(run: Run) -> None:
    run.world.put(namespace("shop"))
    run.world.put(namespace("yard"))
    run.world.set_policies(a=generating(more="generateExisting: true", synchronize="false"))
    assert sorted(run.settle()) == [("create", MADE), ("create", ("ConfigMap", "yard", "made"))]
    run.world.set_policies(b=generating("other", generateExisting="false", name="b"))
    assert run.settle() == []


def test_a_rule_sees_who_asked_even_when_it_is_carried_out_again(run: Run) -> None:
    run.world.set_policies(a=generating(data='{data: {by: "{{request.userInfo.username}}"}}'))
    run.bring(namespace("shop"), user="eva")
    run.settle()
    assert run.made() == {"by": "eva"}
    run.world.drop(*MADE)
    run.settle()
    assert run.made() == {"by": "eva"}


def test_without_the_request_nothing_is_deleted_for_a_rule_that_asks_about_it(run: Run) -> None:
    run.world.set_policies(a=generating(match="{kinds: [Namespace], operations: [DELETE, UPDATE]}"))
    world = run.world
    world.put(namespace("shop"))
    text = generating(data='{data: {by: "{{request.userInfo.username}}"}}')
    world.set_policies(a=text)
    run.bring(namespace("shop", team="red"), user="eva")
    run.settle()
    world.begin()
    world.set_policies(a=text)
    run.settle()
    assert run.made() == {"by": "eva"}


def test_a_deletion_makes_what_a_rule_wants_then(run: Run) -> None:
    run.world.set_policies(
        a=generating(
            match="{kinds: [Namespace], operations: [DELETE]}",
            namespace="default",
            data='{data: {gone: "{{request.oldObject.metadata.name}}"}}',
        )
    )
    document = run.world.put(namespace("shop"))
    run.world.drop("Namespace", "", "shop")
    run.world.ask("quota", "make", document, operation="DELETE")
    run.settle()
    assert run.made("default") == {"gone": "shop"}


def test_targets_change_with_a_trigger(run: Run) -> None:
    run.world.put(config_map("shop", "a", x="1"))
    run.world.put(config_map("yard", "a", x="1"))
    run.world.set_policies(a=MUTATING.replace("EXISTING", "false"))
    assert run.settle() == []
    run.bring(namespace("shop"), "mark", "mark", user="eva")
    assert run.settle() == [("patch", ("ConfigMap", "shop", "a"))]
    assert run.made(name="a") == {"x": "1", "by": "eva"}
    assert len(run.world.acting.pairs) == 0


def test_targets_change_when_a_policy_comes_that_says_so(run: Run) -> None:
    run.world.put(config_map("shop", "a"))
    run.world.put(namespace("shop"))
    run.world.set_policies(a=MUTATING.replace("EXISTING", "true"))
    run.settle()
    assert run.made(name="a") == {"by": "nobody"}


def test_a_target_that_changes_meanwhile_is_looked_at_again(run: Run) -> None:
    run.world.put(config_map("shop", "a", x="1"))
    run.world.set_policies(a=MUTATING.replace("EXISTING", "false"))
    run.bring(namespace("shop"), "mark", "mark", user="eva")
    patch = run.world.patch

    async def late(ref: ResourceRef, operations: Sequence[dict[str, Any]], version: str) -> None:
        run.world.patch = patch  # type: ignore[method-assign]  # as it was
        run.world.put(config_map("shop", "a", x="2"))
        await patch(ref, operations, version)

    run.world.patch = late  # type: ignore[method-assign]  # somebody is quicker
    run.settle()
    assert run.made(name="a") == {"x": "2", "by": "eva"}


def test_what_cannot_be_written_is_tried_again_and_told(run: Run) -> None:
    run.world.refuses = {"ConfigMap"}
    run.world.set_policies(a=generating(synchronize="false"))
    name = run.bring(namespace("shop"))
    assert run.settle() == []
    told = [one for one in run.world.settled if one[0] == name]
    assert len(told) == acting_module.MOST_TRIES + 1
    assert "403 forbidden" in told[-1][1]
    assert [one[2] for one in told] == [False] * acting_module.MOST_TRIES + [True]
    assert "403" in next(iter(run.world.acting.problems.values()))


def test_a_request_may_come_before_its_object_and_its_policy(run: Run) -> None:
    document = namespace("shop")
    document["metadata"]["uid"] = ""
    name = run.world.ask("quota", "make", document)
    run.world.put(document)
    run.world.set_policies(a=generating())
    run.settle()
    assert run.made() is not None
    assert run.world.settled == [(name, "", True)]
    never = run.world.ask("nobody", "knows", document)
    run.settle()
    assert run.world.settled[1:] == [(never, "", True)]


def test_somebody_who_always_wants_it_otherwise_is_met_ever_more_rarely(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds
        await asyncio.sleep(0)

    run.world.acting._sleep = wait
    run.world.set_policies(a=generating())
    run.bring(namespace("shop"))
    fights = [0]
    replace = run.world.replace

    async def fought(document: dict[str, Any]) -> None:
        await replace(document)
        fights[0] += 1
        if fights[0] < 12:
            run.world.put({**run.world.there[MADE], "data": {"team": f"theirs {fights[0]}"}})

    run.world.replace = fought  # type: ignore[method-assign]  # another operator
    run.settle()
    run.world.put({**run.world.there[MADE], "data": {"team": "theirs"}})
    run.settle()
    assert fights[0] == 12
    assert waited == sorted(waited)
    assert waited[-1] > 10
    assert run.made() == {"team": "none"}


@pytest.mark.parametrize("orphan", ["true", "false"])
def test_policies_in_cel_make_and_keep_and_take_along(run: Run, orphan: str) -> None:
    run.world.set_policies(a=GPOL.replace("ORPHAN", orphan))
    run.bring(namespace("shop"), "cel", "")
    assert run.settle() == [("create", MADE)]
    run.world.drop(*MADE)
    assert run.settle() == [("create", MADE)]
    run.world.put(namespace("shop", **{"as": "other"}))
    assert run.settle() == [("create", ("ConfigMap", "shop", "other")), ("delete", MADE)]
    run.world.put(namespace("shop", off="yes"))
    assert run.settle() == [("delete", ("ConfigMap", "shop", "other"))]
    run.bring(namespace("shop"), "cel", "")
    run.settle()
    run.world.set_policies(a=None)
    run.settle()
    assert (run.made() is None) is (orphan == "false")


def test_an_object_that_is_made_anew_takes_the_place_of_the_one_before(run: Run) -> None:
    metadata = {"name": "t", "namespace": "shop"}
    first = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"as": "a"}}
    text = generating(match="{kinds: [Secret]}", namespace="shop", data="{data: {a: b}}")
    text = text.replace("name: made", 'name: "{{request.object.data.as}}"')
    run.world.set_policies(a=text)
    run.bring(first)
    run.settle()
    assert run.made(name="a") == {"a": "b"}
    run.world.drop("Secret", "shop", "t")
    run.bring({**first, "data": {"as": "b"}})
    run.settle()
    assert (run.made(name="a"), run.made(name="b")) == (None, {"a": "b"})


def test_a_policy_in_cel_copies_what_it_looked_up_without_what_is_its_own(run: Run) -> None:
    source = config_map("default", "source", a="1")
    run.world.put({**source, "status": {"is": "its own"}})
    copy = GPOL.replace("ORPHAN", "false")
    begin, end = copy.index("      expression: >-"), copy.index("  generate:")
    looked_up = '      expression: \'[resource.Get("v1", "configmaps", "default", "source")]\'\n'
    run.world.set_policies(a=copy[:begin] + looked_up + copy[end:])
    run.bring(namespace("shop"), "cel", "")
    assert run.settle() == [("create", ("ConfigMap", "shop", "source"))]
    found = run.world.there["ConfigMap", "shop", "source"]
    assert "status" not in found
    assert found["metadata"]["uid"] != run.world.there["ConfigMap", "default", "source"]["metadata"]["uid"]
    run.world.put(config_map("default", "source", a="2"))
    run.settle()
    assert run.made(name="source") == {"a": "2"}
