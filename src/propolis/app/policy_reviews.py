"""Reviews of policies themselves: what ``propolis policy lint`` calls an error is refused at admission.

A policy that was taken stays changeable: an update that leaves its spec alone is not judged again, and
deletions are never asked about.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from typing import Protocol

import msgspec

from propolis.cluster.discovery import Served
from propolis.core.errors import DocumentError, SourceError
from propolis.core.resource import Document
from propolis.policy.engine.admission import refusal
from propolis.policy.engine.remarks import PolicyRemark, remarks_on
from propolis.policy.engine.wrong_kinds import Name, wrong_kinds
from propolis.policy.model.admission_review import (
    AdmissionRequest,
    AdmissionResponse,
    ReviewError,
    parse_review,
    write_response,
)
from propolis.policy.model.cel.policy import CelPolicy, ImageValidatingSpec
from propolis.policy.model.policy import Policy
from propolis.policy.model.reader import dotted
from propolis.policy.sources.documents import read_policies

PATH = "/policies/validate"
MOST_TOLD = 20
"""Remarks that one answer has."""
RESERVED_SECONDS = 0.5
_INVALID, _BAD_REQUEST = 422, 400


class ServedKinds(Protocol):
    """Who knows what the API server serves: a `ClusterReader`."""

    @property
    def names(self) -> Collection[Name]:
        """All that is served; nothing as long as that is not known."""
        ...

    @property
    def served(self) -> Collection[Served]:
        """Kinds of it that can be listed."""
        ...

    @property
    def problems(self) -> Collection[object]:
        """Groups that did not answer: what is in them is not known."""
        ...

    async def discover(self) -> None:
        """Looks again. Raises `SourceError`."""
        ...


class PolicyReviews:
    """Judges policies, one at a time and beside the reviews of resources.

    Attributes:
        kinds: Of the API server; None where there is none.
    """

    def __init__(self) -> None:
        self.kinds: ServedKinds | None = None
        self._turn = asyncio.Semaphore(1)

    async def review(self, body: bytes, timeout_seconds: float) -> bytes:
        """The answer to a review; a policy that takes too long is let in with a warning.

        Raises:
            ReviewError: It has no uid that could be answered.
        """
        try:
            request = parse_review(body)
        except ReviewError as error:
            if not error.uid:
                raise
            return write_response(refusal(error.uid, str(error), code=_BAD_REQUEST))
        try:
            async with asyncio.timeout(max(timeout_seconds - RESERVED_SECONDS, 0)), self._turn:
                answer = await self._judged(request)
        except TimeoutError:
            told = "the policy was not checked: there was no time"
            answer = AdmissionResponse(request.uid, allowed=True, warnings=(told,))
        return write_response(answer)

    async def _judged(self, request: AdmissionRequest) -> AdmissionResponse:
        """A kind that is not known may be a moment old, so what is served is looked up again."""
        answer = await asyncio.to_thread(judged, request, *self._names())
        if answer.allowed or self.kinds is None or not judged(request).allowed:
            return answer
        with contextlib.suppress(SourceError):
            await self.kinds.discover()
        return await asyncio.to_thread(judged, request, *self._names())

    def _names(self) -> tuple[Collection[Name], Collection[Name]]:
        """All names, and those of kinds in no namespace."""
        kinds = self.kinds
        if kinds is None or kinds.problems:
            return (), ()
        wide = [one for one in kinds.served if not one.is_namespaced]
        return kinds.names, [(one.group, one.version, one.kind, "") for one in wide]


def judged(
    request: AdmissionRequest, names: Collection[Name] = (), wide: Collection[Name] = ()
) -> AdmissionResponse:
    """A refusal that lists what is wrong, or warnings of what is not evaluated. Pure.

    Args:
        request: That brings a policy.
        names: All that the API server serves; empty where that is not known, so that no kind is wrong.
        wide: Of them, kinds that are in no namespace.
    """
    document = request.object
    if document is None or request.sub_resource or _is_as_before(request):
        return AdmissionResponse(request.uid, allowed=True)
    remarks = list(_remarks(document, names, wide))
    errors = [_line(one) for one in remarks if one.level == "error"]
    warnings = tuple(_line(one) for one in remarks if one.level != "error")[:MOST_TOLD]
    if not errors:
        return AdmissionResponse(request.uid, allowed=True, warnings=warnings)
    more = [f"and {len(errors) - MOST_TOLD} more"] if len(errors) > MOST_TOLD else []
    name = f"{request.kind.get('kind', '')} {request.name}".strip()
    told = "\n".join((f"{name} cannot be used:", *errors[:MOST_TOLD], *more))
    return msgspec.structs.replace(refusal(request.uid, told, code=_INVALID), warnings=warnings)


def _is_as_before(request: AdmissionRequest) -> bool:
    old, new = request.old_object, request.object
    return old is not None and new is not None and old.get("spec") == new.get("spec")


def _remarks(document: Document, names: Collection[Name], wide: Collection[Name]) -> Iterator[PolicyRemark]:
    loaded = read_policies(msgspec.json.encode(_named(document)), "")
    for error in loaded.errors:
        yield PolicyRemark("error", (), error.message, error.expected)
    for one in (*loaded.policies, *loaded.cleanups, *loaded.exceptions):
        yield from remarks_on(one)
        if isinstance(one, CelPolicy) and not _has_resource_rules(one):
            text = "a matchConstraints with at least one resource rule is required"
            yield PolicyRemark("error", ("spec", "matchConstraints"), text)
        if names and isinstance(one, Policy):
            for problem in wrong_kinds(one, names, wide):
                yield PolicyRemark("error", ("spec", *problem.path), problem.message, problem.expected)


def _has_resource_rules(policy: CelPolicy) -> bool:
    """Whether a policy says what it is about; for one on images Kyverno does not ask for it."""
    constraints = policy.spec.match_constraints
    is_of_images = isinstance(policy.spec, ImageValidatingSpec)
    return is_of_images or bool(constraints and constraints.resource_rules)


def _named(document: Document) -> Document:
    """The document with a name: the server makes one of ``generateName`` after all reviews."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") or not metadata.get("generateName"):
        return document
    return {**document, "metadata": {**metadata, "name": metadata["generateName"]}}


def _line(remark: PolicyRemark) -> str:
    error = DocumentError(remark.message, expected=remark.expected)
    place = dotted(remark.path)
    return f"{place}: {error}" if place else str(error)
