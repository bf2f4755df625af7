"""The corpus' folders of manifests, and its expected outputs in five formats as one set of lines."""

import csv
import functools
import io
import ipaddress
import json
import re
import tarfile
from collections.abc import Iterator
from typing import Any

import yaml
import zstandard

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.network.engine.connection_map import Block, Connection, connections
from propolis.network.model.ports import EVERY_PORT, NO_PORT, PortSet, port_set
from tests.harness.corpora import corpora

Line = tuple[str, str, PortSet]
"""From, to, ports."""
CORPUS = "netpol-analyzer"
CLUSTER_SCOPED = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
TEXT = re.compile(r"^(\S+) => (\S+) : (.+)$")
MARKDOWN = re.compile(r"^\| (\S+) \| (\S+) \| (.+) \|$")
PORTS = re.compile(r"^(TCP|UDP|SCTP) ")
OTHER_NETWORKS = ""
DOT = re.compile(r'^\s*"([^"]+)" -> "([^"]+)" \[label="([^"]+)"')


@functools.cache
def archive(name: str) -> dict[str, bytes]:
    """The files of an archive of the corpus by path."""
    with zstandard.open(corpora() / CORPUS / f"{name}.tar.zst", "rb") as packed:
        data = io.BytesIO(packed.read())
    with tarfile.open(fileobj=data) as files:
        return {one.name: files.extractfile(one).read() for one in files if one.isfile()}  # type: ignore[union-attr]


def cases(file: str) -> list[Document]:
    """The lines of a file of cases; none where the corpus is absent."""
    path = corpora() / CORPUS / file
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def inventory(folder: str) -> Inventory:
    """The manifests of a folder; what is no YAML is left out, as upstream does with a warning."""
    documents = [
        document
        for path, text in sorted(archive("tests").items())
        if path.startswith(f"{folder}/") and path.endswith((".yaml", ".yml", ".json"))
        for document in _documents(text)
    ]
    return Inventory(Resource(reference_of(one), one, Origin(folder)) for one in documents)


def _documents(text: bytes) -> Iterator[Document]:
    """The documents before the first that cannot be read."""
    documents = yaml.load_all(text, Loader=yaml.CSafeLoader)  # a safe loader, made in C
    while True:
        try:
            document = next(documents)
        except (StopIteration, yaml.YAMLError):
            return
        if isinstance(document, dict):
            yield from _items(document)


def _items(document: Document) -> Iterator[Document]:
    """The document, or the items of a list, which leave out what the list says."""
    kind = str(document.get("kind", ""))
    if not kind.endswith("List"):
        yield _placed(document)
        return
    said = {} if kind == "List" else {"apiVersion": document.get("apiVersion"), "kind": kind[:-4]}
    for item in document.get("items") or ():
        yield _placed(said | item)


def _placed(document: Document) -> Document:
    """With the namespace that the API server would give."""
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and document.get("kind") not in CLUSTER_SCOPED:
        metadata.setdefault("namespace", "default")
    return document


def expected_lines(path: str) -> set[Line]:
    """The connections of an expected output; lines of the ingress controller are another matter."""
    text = archive("test_outputs")[path].decode()
    return {
        (source.removesuffix("[External]"), target.removesuffix("[External]"), _ports(ports))
        for source, target, ports in _rows(path, text)
        if source != "{ingress-controller}"
    }


def focused(lines: set[Line], options: Document) -> set[Line]:
    """The lines that a user asked for: workloads, those on the other side, a direction."""
    workloads, peers = options.get("focus_workloads"), options.get("focus_workload_peers")
    if not workloads:
        return lines
    direction = options.get("focus_direction")
    return {
        (source, target, ports)
        for source, target, ports in lines
        if (direction != "ingress" and _is_one_of(source, workloads) and _is_one_of(target, peers))
        or (direction != "egress" and _is_one_of(target, workloads) and _is_one_of(source, peers))
    }


def _is_one_of(name: str, wanted: list[str] | None) -> bool:
    """Whether ``namespace/name[Kind]`` is wanted, with or without the namespace; None wants all."""
    place = name.partition("[")[0]
    return wanted is None or place in wanted or place.partition("/")[2] in wanted


def _rows(path: str, text: str) -> Iterator[tuple[str, str, str]]:
    match path.rpartition(".")[2]:
        case "json":
            yield from (
                (one["src"], one["dst"], one.get("conn", OTHER_NETWORKS)) for one in json.loads(text or "[]")
            )
        case "csv":
            yield from (
                (one["src"], one["dst"], one.get("conn", OTHER_NETWORKS))
                for one in csv.DictReader(io.StringIO(text))
            )
        case kind:
            pattern = {"txt": TEXT, "md": MARKDOWN, "dot": DOT}[kind]
            for line in text.splitlines():
                found = pattern.match(line)
                if found and found[1] != "src":
                    yield found[1], found[2], found[3]


def _ports(text: str) -> PortSet:
    """``TCP 80,90-99,UDP 53`` as a set."""
    if text == "All Connections":
        return EVERY_PORT
    if not PORTS.match(text):
        return NO_PORT  # a list of other networks, which names none
    protocol, ranges = "", []
    for word in text.split(","):
        before, _, numbers = word.rpartition(" ")
        protocol = before or protocol
        first, _, last = numbers.partition("-")
        ranges.append((protocol, int(first), int(last or first)))
    return port_set(ranges)


def found_lines(found: Inventory) -> set[Line]:
    """Our connections, written as upstream writes them: pods under the name of their owner."""
    opened = connections(found, governs_host_network=True)
    lines = {(_name(found, one.source), _name(found, one.target), one.ports) for one in opened}
    return {line for line in lines if line[0] != line[1]}


def _name(found: Inventory, party: Any) -> str:
    if isinstance(party, Block):
        return f"{ipaddress.ip_address(party.first)}-{ipaddress.ip_address(party.last)}"
    resource = found.find(party.ref)
    owners = resource.document["metadata"].get("ownerReferences") if resource else None
    if party.ref.kind == "Pod" and owners and owners[0].get("kind") != "Node":
        return f"{party.namespace}/{owners[0]['name']}[{owners[0].get('kind') or 'Pod'}]"
    return f"{party.namespace}/{party.ref.name}[{party.ref.kind}]"


__all__ = ["Connection", "cases", "expected_lines", "focused", "found_lines", "inventory"]
