"""Lists one kind page by page; what nobody judges is dropped while a page is read.

Follows kubernetes.io/docs/reference/using-api/api-concepts (limit and continue, 410 Gone). Of Secrets
only their metadata is asked for, and data that comes all the same is dropped, unless whole objects are
asked for.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import JSON, Served
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, LimitError, Place, SourceError
from propolis.core.limits import Limits
from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS
from propolis.lang.yaml import load_documents

PAGE = 500
MOST_PAGES = 20_000
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_GONE = 410
_REMEDIES = {
    403: "grant the verb list on {name} for the whole cluster to these credentials",
    404: "the server does not serve it any more",
}


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who made an object."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Heading(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of every item first: enough to decide whether the rest is wanted."""

    name: str | None = ""
    namespace: str | None = ""
    owner_references: tuple[OwnerReference, ...] | None = None


class _Item(msgspec.Struct, frozen=True):
    metadata: Heading


class _PageMetadata(msgspec.Struct, frozen=True):
    continue_: str | None = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] | None
    metadata: _PageMetadata = _PageMetadata()


Keep = Callable[[Served, Heading], bool]
"""Tells by its heading whether an object is wanted."""


class Listing:
    """One kind's objects, collected over its pages.

    Args:
        namespace: The only one to list; empty for all.
        is_whole: Whether Secrets come with their data and workloads with their status.
    """

    def __init__(
        self,
        client: ApiClient,
        served: Served,
        limits: Limits,
        keep: Keep,
        namespace: str = "",
        *,
        is_whole: bool = False,
    ) -> None:
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.left_out = 0
        self._client = client
        self._served = served
        self._limits = limits
        self._keep = keep
        self._path = served.path_in(namespace)
        self._is_whole = is_whole

    async def read(self) -> "Listing":
        """Reads all pages; what fails becomes a problem, and what was read before it stays."""
        try:
            await self._read_pages()
        except Error as error:
            self.problems.append(problem_of(_with_remedy(error, self._served)))
        return self

    async def _read_pages(self) -> None:
        """A list that changed faster than it was read is begun again, once."""
        try:
            await self._pages()
        except RefusedError as error:
            if error.status != _GONE:
                raise
            self.documents.clear()
            self.problems.clear()
            self.left_out = 0
            await self._pages()

    async def _pages(self) -> None:
        token, limit = "", PAGE
        for _ in range(MOST_PAGES):
            try:
                page = await self._page(token, limit)
            except LimitError:
                if limit == 1:
                    raise
                limit = max(1, limit // 10)  # few very large objects: ask for fewer at once
                continue
            for raw in page.items or ():
                self._take(raw)
            before, token = token, page.metadata.continue_ or ""
            if not token:
                return
            if token == before:
                break
        raise SourceError(self._asked, self._client.server, "its pages have no end")

    @property
    def _asked(self) -> str:
        return f"list {self._served.name}"

    async def _page(self, token: str, limit: int) -> _Page:
        accept = METADATA_ONLY if is_secret(self._served) and not self._is_whole else JSON
        query = {"limit": str(limit)} | ({"continue": token} if token else {})
        body = await self._client.get(self._path, self._asked, accept, query, self._limits)
        try:
            return msgspec.json.decode(body, type=_Page)
        except (msgspec.DecodeError, UnicodeError) as error:
            answer = f"the answer is no list: {error}"
            raise SourceError(self._asked, self._client.server, answer) from error

    def _take(self, raw: msgspec.Raw) -> None:
        """Decodes one item, if it is wanted."""
        try:
            heading = msgspec.json.decode(raw, type=_Item).metadata
        except (msgspec.DecodeError, UnicodeError) as error:
            self._tell(f"an item is no object: {error}")
            return
        if not heading.name:
            self._tell("an item has no name")
        elif self._keep(self._served, heading):
            self._decode(raw, heading)
        else:
            self.left_out += 1

    def _decode(self, raw: msgspec.Raw, heading: Heading) -> None:
        (parsed,) = load_documents(bytes(raw), self._client.server, self._limits)
        if parsed.error:
            self._tell(f"{heading.namespace}/{heading.name}: {parsed.error.message}")
        else:
            self.documents.append(slim(parsed.document, self._served, is_whole=self._is_whole))

    def _tell(self, what: str) -> None:
        """One problem a listing is enough to know that its server is odd."""
        if not self.problems:
            self.problems.append(_odd(what, f"{self._client.server}{self._path}"))


def _odd(what: str, address: str) -> Problem:
    return problem_of(DocumentError(what, Place(address), "objects of this kind"))


def is_secret(served: Served) -> bool:
    """Whether it is the kind whose content must not be read."""
    return served.kind == "Secret" and not served.group


def slim(document: dict[str, Any], served: Served, *, is_whole: bool = False) -> Document:
    """The document with its kind, without what nobody judges."""
    if is_secret(served) and not is_whole:
        document = {"metadata": document["metadata"]}
    elif served.kind in POD_PATHS and not is_whole:
        document.pop("status", None)
    metadata = document["metadata"]
    metadata.pop("managedFields", None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        annotations.pop(LAST_APPLIED, None)
    return {"apiVersion": served.api_version, "kind": served.kind} | {
        key: value for key, value in document.items() if key not in ("apiVersion", "kind")
    }


def _with_remedy(error: Error, served: Served) -> Error:
    if isinstance(error, RefusedError) and error.status in _REMEDIES:
        answer = f"{error.answer}; {_REMEDIES[error.status].format(name=served.name)}"
        return RefusedError(error.asked, error.of, answer, error.status)
    return error
