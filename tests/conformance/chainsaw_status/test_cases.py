"""The part of a policy's status that is worked out from it, as Kyverno's own tests assert it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from propolis.lang.yaml import load_documents
from propolis.policy.engine.crd.defaults import with_defaults
from propolis.policy.engine.policy_state import PolicyState, status_of
from propolis.policy.model.schema.definitions import definition
from propolis.policy.model.schema.kinds import KINDS, CustomKind
from propolis.policy.sources.documents import read_policies
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("chainsaw", __file__)
_FOLDER = corpora() / SUITE.name / "test" / "conformance" / "chainsaw"
Document = dict[str, Any]


def documents(path: Path) -> list[Document]:
    return [
        one.document for one in load_documents(path.read_bytes(), str(path)) if isinstance(one.document, dict)
    ]


def kind_of(document: Document) -> CustomKind | None:
    group = str(document.get("apiVersion")).partition("/")[0]
    return next((one for one in KINDS if (one.group, one.kind) == (group, document.get("kind"))), None)


def as_stored(document: Document, kind: CustomKind) -> Document:
    """The document with what an API server sets in it."""
    schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    stored = with_defaults(document, schema)
    assert isinstance(stored, dict)
    return stored


def asserted() -> dict[str, tuple[Document, CustomKind, list[Document]]]:
    """By file: what is asserted, the kind, and policies of that kind beside it."""
    found = {}
    for path in sorted(_FOLDER.rglob("check-autogen*.yaml")):
        for document in documents(path):
            kind = kind_of(document)
            beside = [
                one
                for file in sorted(path.parent.glob("*.yaml"))
                if file != path
                for one in documents(file)
                if kind_of(one) == kind and "status" not in one and "spec" in one
            ]
            if kind is not None and "autogen" in (document.get("status") or {}):
                found[str(path.relative_to(_FOLDER))] = (document, kind, beside)
    return found


CASES = asserted() if _FOLDER.is_dir() else {}


def differs(wanted: Any, found: Any, path: str = "") -> str:
    """The first place where what is there is not what is asserted; fields that are not named may be any."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        told = (differs(value, found.get(key), f"{path}.{key}") for key, value in wanted.items())
        return next(filter(None, told), "")
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        told = (
            differs(*pair, f"{path}[{index}]") for index, pair in enumerate(zip(wanted, found, strict=True))
        )
        return next(filter(None, told), "")
    return "" if wanted == found else f"{path}: {found!r}, not {wanted!r}"


def test_the_corpus_is_there() -> None:
    corpus(SUITE.name)
    assert len(CASES) > 12


@pytest.mark.parametrize("name", CASES)
def test_what_was_generated_is_told(name: str) -> None:
    wanted, kind, beside = CASES[name]
    why = "there is no policy beside it"
    for document in beside:
        read = read_policies(msgspec.json.encode(as_stored(document, kind)), name)
        assert len(read.policies) == 1, read.errors
        state = PolicyState(kind, "", "p", read.policies[0])
        status = as_stored({"spec": {}, "status": status_of(state, datetime(2026, 1, 2, tzinfo=UTC))}, kind)[
            "status"
        ]
        why = differs(wanted["status"]["autogen"], status["autogen"])
        if not wanted["status"]["autogen"] and status["autogen"]:
            why = f"generated {status['autogen']}"
        if not why:
            break
    SUITE.settle(name, is_right=not why, why=why)
