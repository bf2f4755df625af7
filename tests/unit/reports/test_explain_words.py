from propolis.policy.engine.explain.trace import MET, UNMET, Node
from propolis.reports.render import yaml_diff as module
from propolis.reports.render.explain_words import MOST_CHILDREN, node_parts, told_nodes
from propolis.reports.render.yaml_diff import yaml_diff


def test_of_very_many_parts_those_that_are_not_met_are_told() -> None:
    nodes = [Node("element", f"[{index}]", MET) for index in range(1_000)]
    nodes[900] = Node("element", "[900]", UNMET)
    told = told_nodes(nodes)
    assert len(told) == MOST_CHILDREN + 1
    assert told[-2].text == "[900]"
    assert told[-1].text == "960 others"


def test_what_is_not_there_is_told_as_nothing() -> None:
    assert node_parts(Node("leaf", "a: 1", UNMET, "null")) == ("a: 1", "nothing", "")


def test_a_difference_has_the_lines_around_it_and_leaves_out_the_rest() -> None:
    before = {f"k{index}": index for index in range(20)}
    lines = yaml_diff(before, {**before, "k10": 0})
    assert lines == [" k7: 7", " k8: 8", " k9: 9", "-k10: 10", "+k10: 0", " k11: 11", " k12: 12", " k13: 13"]


def test_a_new_document_is_all_added() -> None:
    assert yaml_diff(None, {"a": 1}) == ["+a: 1"]


def test_a_long_difference_is_cut_and_says_so() -> None:
    after = {f"k{index}": index for index in range(module.MOST_LINES + 5)}
    lines = yaml_diff(None, after)
    assert len(lines) == module.MOST_LINES + 1
    assert lines[-1] == "... and 5 more lines"
