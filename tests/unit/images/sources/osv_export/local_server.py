"""A server on this machine with the layout of OSV's export, and with every fault that a server can have."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

from propolis.images.model.advisory import Advisory
from propolis.images.model.osv_document import osv_document


@dataclass
class Answer:
    """What the server says to one path.

    Attributes:
        cuts: After how many bytes the connection breaks, one entry a request; afterwards it holds.
        claims: The length that it names instead of the true one.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    claims: int | None = None


@dataclass
class LocalExport:
    """The server's content and what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    def publish(self, ecosystem: str, *records: Advisory, extra: Mapping[str, bytes] | None = None) -> None:
        """Writes the archive, the index and the single records of an ecosystem."""
        newest_first = sorted(records, key=lambda record: record.modified, reverse=True)
        documents = {record.id: osv_document(record) for record in newest_first}
        rows = "".join(f"{record.modified.isoformat()},{record.id}\n" for record in newest_first)
        members = {f"{name}.json": text for name, text in documents.items()} | dict(extra or {})
        self.answers[f"/{ecosystem}/modified_id.csv"] = Answer(rows.encode())
        self.answers[f"/{ecosystem}/all.zip"] = archive_answer(members)
        for name, text in documents.items():
            self.answers[f"/{ecosystem}/{name}.json"] = Answer(text)

    def paths(self) -> list[str]:
        """What was asked since the last call."""
        found = [path for path, _ in self.asked]
        self.asked.clear()
        return found


def archive_answer(members: Mapping[str, bytes]) -> Answer:
    """A zip with the headers of Google's storage."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    body = target.getvalue()
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    tag = hashlib.sha256(body).hexdigest()[:16]
    return Answer(body, headers={"ETag": f'"{tag}"', "x-goog-hash": f"crc32c=AAAAAA==,md5={digest}"})


@contextmanager
def serving() -> Iterator[LocalExport]:
    """Runs the server until the block ends."""
    export = LocalExport()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # named so there
            """Stays silent."""

        def do_GET(self) -> None:  # named so there
            path = unquote(self.path)
            export.asked.append((path, self.headers.get("Range", "")))
            answer = export.answers.get(path, Answer(b"none", 404))
            respond(self, answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    export.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield export
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def respond(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Sends an answer, or the rest of it, or a part of it."""
    body, status = answer.body, answer.status
    begin = handler.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
    tag = answer.headers.get("ETag")
    headers = dict(answer.headers)
    if begin and tag and handler.headers.get("If-Range") == tag:
        headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
        body, status = body[int(begin) :], 206
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if answer.claims is None else answer.claims))
    handler.end_headers()
    cut = answer.cuts.pop(0) if answer.cuts else len(body)
    handler.wfile.write(body[:cut])
    if cut < len(body) or answer.claims is not None:
        handler.close_connection = True
