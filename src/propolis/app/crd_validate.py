"""Judges objects by CustomResourceDefinitions, without an API server."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

import msgspec

from propolis.app.policy_inputs import contents
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.resource import Origin, Resource, reference_of
from propolis.lang.yaml import load_documents, position_of
from propolis.policy.engine.crd.definition import definition_problems, is_cheap, rule_costs
from propolis.policy.engine.crd.rules import RuleNode, compile_rules
from propolis.policy.engine.crd.shape import unchecked
from propolis.policy.engine.crd.validation import validate
from propolis.policy.model.crd import Crd, CrdVersion, is_crd, parse_crd
from propolis.reports.render.crd_validation import CrdReport, JudgedObject, VersionRules

_SCHEMA = ("schema", "openAPIV3Schema")


class CrdInputs(msgspec.Struct, frozen=True):
    """Definitions, and objects of them; ``-`` is standard input.

    Attributes:
        old: Objects before an update, found by their names.
    """

    definitions: Sequence[str]
    resources: Sequence[str] = ()
    old: Sequence[str] = ()


class _Kind(msgspec.Struct, frozen=True):
    crd: Crd
    version: CrdVersion
    node: RuleNode
    is_cheap: bool


def validate_objects(inputs: CrdInputs, stdin: BinaryIO) -> CrdReport:
    """Judges all objects; what cannot be used becomes problems of the report.

    Raises:
        DocumentError: A path is not there.
        SourceError: Standard input cannot be read.
    """
    problems: list[Problem] = []
    kinds: dict[tuple[str, str], _Kind] = {}
    versions: list[VersionRules] = []
    for document, origin, data in _documents(inputs.definitions, stdin, problems):
        if is_crd(document):
            for kind in _kinds(document, origin, data, problems):
                kinds[f"{kind.crd.group}/{kind.version.name}", kind.crd.kind] = kind
                versions.append(_rules_of(kind))
    before = {
        reference_of(document).key: document for document, _, _ in _documents(inputs.old, stdin, problems)
    }
    judged = []
    for document, origin, _ in _documents(inputs.resources, stdin, problems):
        ref = reference_of(document)
        found = kinds.get((ref.api_version, ref.kind))
        if found is not None:
            schema, earlier = found.version.schema, before.get(ref.key)
            errors = validate(found.node, schema, document, earlier, is_cheap=found.is_cheap)
            judged.append(JudgedObject(Resource(ref, document, origin), tuple(errors)))
        elif not is_crd(document):
            problems.append(Problem("skipped", f"{origin.path}:{origin.line}: no definition is for {ref}"))
    return CrdReport(tuple(versions), tuple(judged), tuple(problems))


def _rules_of(kind: _Kind) -> VersionRules:
    return VersionRules(
        f"{kind.crd.name}/{kind.version.name}",
        tuple(rule_costs(kind.node)),
        is_partial=unchecked(kind.version.schema),
    )


def _kinds(
    document: dict[str, object], origin: Origin, data: bytes, problems: list[Problem]
) -> Iterator[_Kind]:
    """The versions of a definition with their rules; what is wrong with these becomes problems."""
    locate = partial(position_of, data, origin.line)
    try:
        crd = parse_crd(document, origin, locate)
        for version in crd.versions:
            node = compile_rules(version.schema)
            base = ("spec", "versions", version.index, *_SCHEMA)
            for one in definition_problems(node):
                place = Place(origin.path, *locate((*base, *one.path)))
                problems.append(problem_of(DocumentError(one.message, place)))
            yield _Kind(crd, version, node, is_cheap(node))
    except DocumentError as error:
        problems.append(problem_of(error))
    except LimitError as error:
        problems.append(problem_of(DocumentError(str(error), Place(origin.path, origin.line))))


def _documents(
    paths: Iterable[str], stdin: BinaryIO, problems: list[Problem]
) -> Iterator[tuple[dict[str, object], Origin, bytes]]:
    for data, path in contents(paths, stdin, problems):
        for parsed in load_documents(data, path):
            if parsed.error is not None:
                problems.append(problem_of(parsed.error))
            elif isinstance(parsed.document, dict):
                yield parsed.document, Origin(path, parsed.line), data
