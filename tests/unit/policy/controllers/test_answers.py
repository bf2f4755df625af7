"""Answers, who used them, and when they are asked again."""

from propolis.cluster.discovery import Served
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy import lookups
from propolis.policy.controllers.answers import Answers
from propolis.policy.controllers.concerns import concern_of
from propolis.policy.controllers.subjects import KindSubjects, Subject
from tests.harness.scanned_cluster import SERVED

MAPS = ("", "configmaps")
RULES = lookups.config_map_key("a", "rules")


def subjects(count: int) -> list[Subject]:
    kind = KindSubjects(Served("", "v1", "Pod", "pods"), lambda _one: None, lambda _one: None)
    for number in range(count):
        kind.put(("a", f"p-{number}"), b'{"metadata": {"name": "p-%d", "namespace": "a"}}' % number)
    return list(kind)


def answers() -> Answers:
    return Answers(lambda key: concern_of(key, SERVED, {}))


def used(found: Answers, key: LookupKey, subject: Subject, answer: Answer) -> None:
    found.want([key], subject)
    assert found.to_ask(10) == [key]
    found.take(key, answer)
    found.use(subject, [key])


def test_a_question_is_asked_once_for_all_that_wait() -> None:
    one, two = subjects(2)
    found = answers()
    found.want([RULES], one)
    assert found.to_ask(10) == [RULES]
    found.want([RULES], two)
    assert found.to_ask(10) == []
    assert RULES not in found
    assert found.take(RULES, Answer({"data": {}})) == ({one, two}, set())
    assert found[RULES] == Answer({"data": {}})
    assert list(found) == [RULES]


def test_only_so_many_questions_are_handed_out() -> None:
    (one,) = subjects(1)
    found = answers()
    found.want([lookups.config_map_key("a", str(number)) for number in range(5)], one)
    assert [len(found.to_ask(2)) for _ in range(4)] == [2, 2, 1, 0]
    assert found.to_ask(0) == []


def test_another_answer_tells_who_used_the_one_before() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, RULES, one, Answer({"metadata": {"resourceVersion": "1"}, "data": {"a": "b"}}))
    found.touched(MAPS, "a", "rules")
    assert found.to_ask(10) == [RULES]
    again = Answer({"metadata": {"resourceVersion": "2", "managedFields": []}, "data": {"a": "b"}})
    assert found.take(RULES, again) == (set(), set())
    found.touched(MAPS, "a", "rules")
    found.to_ask(10)
    assert found.take(RULES, Answer(error="gone")) == (set(), {one})


def test_versions_of_listed_objects_make_no_other_answer() -> None:
    (one,) = subjects(1)
    found = answers()
    key = lookups.api_call_key("GET", "/api/v1/pods")
    items = [{"metadata": {"name": "x", "resourceVersion": str(number)}} for number in range(2)]
    used(found, key, one, Answer({"metadata": {"resourceVersion": "1"}, "items": items[:1]}))
    found.touched(("", "pods"), "b", "x")
    found.to_ask(10)
    assert found.take(key, Answer({"metadata": {}, "items": items[1:]})) == (set(), set())


def test_changes_of_other_objects_ask_nothing() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, RULES, one, Answer({}))
    for place in (("a", "other"), ("b", "rules")):
        found.touched(MAPS, *place)
    found.touched(("", "secrets"), "a", "rules")
    assert found.to_ask(10) == []


def test_a_change_while_a_question_is_under_way_asks_once_more() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, RULES, one, Answer({}))
    found.touched(MAPS, "a", "rules")
    assert found.to_ask(10) == [RULES]
    found.touched(MAPS, "a", "rules")
    assert found.to_ask(10) == []
    found.take(RULES, Answer({}))
    assert found.to_ask(10) == [RULES]


def test_a_kind_that_is_followed_from_now_on_asks_what_may_have_changed_unseen() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, RULES, one, Answer({}))
    assert found.kinds == {MAPS}
    found.listed(MAPS)
    assert found.to_ask(10) == [RULES]


def test_randomness_is_asked_once() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, LookupKey("random", ("[a-z]",)), one, Answer("a"))
    found.ask_again(set())
    assert found.to_ask(10) == []


def test_answers_go_with_their_last_user() -> None:
    one, two = subjects(2)
    found = answers()
    used(found, RULES, one, Answer({}))
    found.use(two, [RULES])
    found.forget(one)
    assert len(found) == 1
    found.forget(two)
    assert (len(found), found.kinds) == (0, set())
    assert found.take(RULES, Answer({})) == (set(), set())


def test_what_an_entry_is_about_is_found_out_again() -> None:
    (one,) = subjects(1)
    about = {"kind": ("", "secrets")}
    found = Answers(
        lambda key: (
            concern_of(lookups.api_call_key("GET", f"/api/v1/{about['kind'][1]}"), SERVED, {})
            if key.kind == lookups.GLOBAL_CONTEXT
            else None
        )
    )
    used(found, lookups.global_context_key("entry"), one, Answer([]))
    about["kind"] = ("", "pods")
    found.regard_again(lookups.GLOBAL_CONTEXT)
    assert found.kinds == {("", "pods")}
    assert found.to_ask(10) == [lookups.global_context_key("entry")]


def test_values_that_are_no_json_are_told_apart_too() -> None:
    (one,) = subjects(1)
    found = answers()
    used(found, RULES, one, Answer({1: object}))
    found.touched(MAPS, "a", "rules")
    found.to_ask(10)
    assert found.take(RULES, Answer({2: object})) == (set(), {one})
