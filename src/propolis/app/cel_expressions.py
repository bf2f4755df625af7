"""Expressions in CEL, to try out on a document."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from propolis.app.lookups import InventoryLookups
from propolis.cluster.files import STDIN, read_file, read_stdin
from propolis.core import clock
from propolis.core.errors import DocumentError, Place
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.inventory import Inventory
from propolis.core.limits import DEFAULT
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.cel.library import Runtime
from propolis.lang.yaml import load_documents
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.cel.seen import Seen
from propolis.policy.engine.cel.trial import KINDS, Setting, Trial, compile_trial, tried
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.cel.match import NamedExpression

_OF_POLICY = "variables."


class CelInputs(msgspec.Struct, frozen=True):
    """What to try.

    Attributes:
        data: A file whose first document is ``object``; all of them answer look-ups. ``-`` is standard input.
        old: A file whose first document is ``oldObject``.
        assignments: ``NAME=JSON``, or ``variables.NAME=EXPRESSION``.
    """

    expression: str
    kind: str = KINDS[0]
    data: str = ""
    old: Path | None = None
    assignments: Sequence[str] = ()
    operation: str = "CREATE"


class _Found(Evaluation, frozen=True):
    trial: Trial | None = None


def try_expression(inputs: CelInputs, stdin: BinaryIO) -> Trial:
    """The value of an expression and all that can be told of it.

    Raises:
        DocumentError: The expression, a variable or a document is wrong.
        SourceError: A file cannot be read.
    """
    setting = parse_setting(inputs)
    program, expressions = compile_trial(inputs.expression, setting)
    documents = _documents(inputs.data, stdin)
    old = _documents(str(inputs.old), stdin)[0] if inputs.old else None
    resources = [Resource(reference_of(one), one, Origin(inputs.data)) for one in documents]
    subject = PolicySubject(
        resources[0] if resources else Resource(reference_of({}), {}, Origin("")), old, inputs.operation
    )
    lookups, now = InventoryLookups(Inventory(resources)), clock.now()

    def evaluation(answers: Mapping[LookupKey, Answer]) -> Evaluation:
        asked = Asked(answers)
        request = Request(subject, asked.ask)
        seen = Seen(request, Runtime(now, asked.ask))
        return _Found((), trial=tried(program, expressions, request, seen, setting))

    found = complete(evaluation, {}, lookups.fetch)
    if not isinstance(found, _Found) or found.trial is None:
        raise AssertionError("an evaluation gives what it was asked for")
    return found.trial


def parse_setting(inputs: CelInputs) -> Setting:
    """What the expression sees beside a request.

    Raises:
        DocumentError: An assignment sets nothing, or its value is no JSON.
    """
    values: dict[str, Any] = {}
    variables: list[NamedExpression] = []
    for text in inputs.assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.removeprefix(_OF_POLICY).isidentifier():
            raise DocumentError(
                f"{text[:80]!r} sets nothing", expected="NAME=JSON or variables.NAME=EXPRESSION"
            )
        if name.startswith(_OF_POLICY):
            variables.append(NamedExpression(name.removeprefix(_OF_POLICY), value))
            continue
        try:
            values[name] = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise DocumentError(
                f"the value of {name} is no JSON", expected="a value, texts in quotes"
            ) from None
    return Setting(inputs.kind, values, variables)


def _documents(path: str, stdin: BinaryIO) -> list[Document]:
    """The objects of a file. Raises `DocumentError`, `SourceError`."""
    if not path:
        return []
    data = read_stdin(stdin, DEFAULT) if path == "-" else read_file(Path(path), DEFAULT)
    shown = STDIN if path == "-" else path
    documents: list[Document] = []
    for parsed in load_documents(data, shown):
        if parsed.error is not None:
            raise parsed.error
        if not isinstance(parsed.document, dict):
            raise DocumentError("this is no object", Place(shown, parsed.line), "an object at the top")
        documents.append(parsed.document)
    if not documents:
        raise DocumentError("holds no document", Place(shown), "JSON or YAML")
    return documents
