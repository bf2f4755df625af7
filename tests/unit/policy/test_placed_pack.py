"""Policies of the pack for one namespace, enforced."""

import pytest

from propolis.app.policy_pack import placed_pack
from propolis.lang.yaml import load_documents
from propolis.policy.engine.enforced import stated_action
from propolis.policy.sources.documents import read_policies
from propolis.reports.render.yaml_text import yaml_stream


@pytest.mark.parametrize("namespace", ["", "shop"])
def test_all_policies_stay_policies(namespace: str) -> None:
    documents, left_out = placed_pack((), namespace, enforces=True)
    read = read_policies(yaml_stream(documents), "pack.yaml")
    assert not read.errors
    assert len(read.policies) == len(documents) == 120 - len(left_out)
    assert {stated_action(one) for one in read.policies} <= {"Enforce", "Deny", ""}
    assert {one.namespace for one in read.policies} == {namespace}


def test_those_about_no_namespace_are_left_out() -> None:
    _, left_out = placed_pack((), "shop", enforces=False)
    assert {"name-namespace-owner", "require-quota"} <= set(left_out)
    documents, _ = placed_pack(("pod-security",), "shop", enforces=False)
    assert documents
    assert {one["kind"] for one in documents} <= {"Policy", "NamespacedValidatingPolicy"}


def test_without_options_a_document_stays_as_it_is() -> None:
    documents, left_out = placed_pack(("pod-security",), "", enforces=False)
    text = yaml_stream(documents)
    assert [one.document for one in load_documents(text, "a")] == documents
    assert left_out == []
