from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from propolis.core.finding import Outcome
from propolis.core.resource import Origin, Resource, reference_of
from propolis.policy.engine import PolicySubject, compile_policies, evaluate
from propolis.policy.engine.convert.conversion import convert_policy
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.model import Policy, parse_policy

pytestmark = pytest.mark.engine
NOW = datetime(2026, 1, 1, tzinfo=UTC)

TEXTS = ["a", "ab", "b*", "*b", "?*", "!a", "!b*", "a|b*"]
LABEL_KEYS = st.sampled_from(["a", "team/x", "=(a)", "X(a)", "X(te*)"])
LABELS = st.dictionaries(LABEL_KEYS, st.sampled_from(TEXTS), min_size=1, max_size=2)
flags = st.booleans()
ids = st.sampled_from([0, 1, ">0", "<=1", "0-1", "1|2", "!1"])


def anchored(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    keys = st.sampled_from([name, f"=({name})", f"({name})", f"<({name})"])
    return maybe(keys, value)


def maybe(keys: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.just({}) | st.tuples(keys, value).map(lambda pair: {pair[0]: pair[1]})


def joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: item for part in found for key, item in part.items()})


contexts = joined(
    anchored("privileged", flags),
    anchored("runAsUser", ids),
    maybe(st.just("X(procMount)"), st.none()),
)
containers = joined(
    anchored("image", st.sampled_from(TEXTS)),
    anchored("securityContext", contexts.map(lambda one: one or {"privileged": False})),
    anchored("imagePullPolicy", st.sampled_from(["Always", "?*", "!Never"])),
)
lists = containers.map(lambda one: [one or {"name": "?*"}])
specs = joined(
    anchored("hostNetwork", flags),
    anchored("containers", lists),
    anchored("initContainers", lists),
    maybe(st.just("^(containers)"), lists),
)
patterns = joined(
    st.fixed_dictionaries({"spec": specs.map(lambda one: one or {"hostNetwork": True})}),
    maybe(st.just("metadata"), LABELS.map(lambda one: {"labels": one})),
)

words = st.sampled_from(["a", "ab", "b", "bab", "c"])
security = st.fixed_dictionaries(
    {}, optional={"privileged": flags, "runAsUser": st.integers(0, 2), "procMount": words}
)
made_containers = st.fixed_dictionaries(
    {"name": words, "image": words},
    optional={"securityContext": security, "imagePullPolicy": st.sampled_from(["Always", "Never"])},
)
pods = st.fixed_dictionaries(
    {
        "apiVersion": st.just("v1"),
        "kind": st.just("Pod"),
        "metadata": st.fixed_dictionaries(
            {"name": words},
            optional={"labels": st.dictionaries(st.sampled_from(["a", "team/x"]), words, max_size=2)},
        ),
        "spec": st.fixed_dictionaries(
            {"containers": st.lists(made_containers, min_size=1, max_size=3)},
            optional={"hostNetwork": flags, "initContainers": st.lists(made_containers, max_size=2)},
        ),
    }
)


def policy_of(pattern: Any) -> Policy:
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"message": "no", "pattern": pattern},
    }
    document = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {"rules": [rule]},
    }
    return parse_policy(document)


def says(rules: PolicySet, document: dict[str, Any]) -> str:
    subject = PolicySubject(Resource(reference_of(document), document, Origin("")))
    outcomes = {one.outcome for one in evaluate(rules, subject, {}, NOW).findings}
    if outcomes & {Outcome.FAIL, Outcome.ERROR}:
        return "refused"
    return "passed" if Outcome.PASS in outcomes else "not judged"


@settings(max_examples=60, deadline=None)
@given(pattern=patterns, documents=st.lists(pods, min_size=1, max_size=4))
def test_a_converted_pattern_says_the_same_of_every_pod(
    pattern: Any, documents: list[dict[str, Any]]
) -> None:
    policy = policy_of(pattern)
    (made,) = convert_policy(policy)
    assume(made.policies)  # several anchors of which one has conditions below are refused
    original, converted = compile_policies([policy]), compile_policies(made.policies)
    for document in documents:
        assert says(original, document) == says(converted, document), made.documents
