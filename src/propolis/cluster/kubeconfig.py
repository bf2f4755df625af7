"""Kubeconfig files: several merged into one, and what a context of them leads to.

Follows the rules of kubectl (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig):
of several files the first that names a thing wins, files that are not there are passed over, and
paths within a file are relative to its folder.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from propolis.cluster.files import read_file
from propolis.cluster.folders import printable
from propolis.core.errors import DocumentError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.lang.yaml import load_documents


class Entry(msgspec.Struct, rename="kebab", frozen=True):
    """A part of a kubeconfig; fields that are not named here mean nothing to us."""


class ClusterEntry(Entry, frozen=True):
    """How to reach an API server."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class Variable(Entry, frozen=True):
    """One environment variable of an exec plugin."""

    name: str
    value: str = ""


class ExecEntry(Entry, rename="camel", frozen=True):
    """A program that gives credentials."""

    command: str
    api_version: str = ""
    args: tuple[str, ...] | None = None
    env: tuple[Variable, ...] | None = None
    install_hint: str = ""
    interactive_mode: str = ""
    provide_cluster_info: bool = False


class UserEntry(Entry, frozen=True):
    """Who asks."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    exec_: ExecEntry | None = msgspec.field(default=None, name="exec")
    auth_provider: dict[str, Any] | None = None
    as_: str = msgspec.field(default="", name="as")
    as_groups: tuple[str, ...] | None = None


class ContextEntry(Entry, frozen=True):
    """A cluster and a user under one name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(Entry, frozen=True):
    name: str
    cluster: ClusterEntry


class _NamedUser(Entry, frozen=True):
    name: str
    user: UserEntry | None = None


class _NamedContext(Entry, frozen=True):
    name: str
    context: ContextEntry


class _File(Entry, frozen=True):
    current_context: str | None = ""
    clusters: tuple[_NamedCluster, ...] | None = None
    users: tuple[_NamedUser, ...] | None = None
    contexts: tuple[_NamedContext, ...] | None = None


class Access(msgspec.Struct, frozen=True):
    """What a context leads to. Paths in it are absolute.

    Attributes:
        context: Its name.
        folder: Of the file that names the user; an exec plugin's relative command starts there.
    """

    context: str
    cluster: ClusterEntry
    user: UserEntry
    folder: Path


def load_access(paths: Sequence[Path], context: str = "", limits: Limits = DEFAULT) -> Access:
    """The cluster and user of a context, or of the current one.

    Raises:
        DocumentError: No file is there, one is damaged, or a name leads nowhere.
        SourceError: A file cannot be read.
    """
    files = [(path, _read(path, limits)) for path in paths if path.exists()]
    if not files:
        named = ", ".join(printable(path) for path in paths) or "nothing"
        raise DocumentError(f"no kubeconfig: {named} is not there", expected="KUBECONFIG naming a file")
    wanted = context or next((file.current_context for _, file in files if file.current_context), "")
    return _access(files, wanted, Place(printable(files[0][0])))


def _access(files: list[tuple[Path, _File]], wanted: str, place: Place) -> Access:
    contexts = {item.name: item.context for _, file in reversed(files) for item in file.contexts or ()}
    if not wanted:
        raise DocumentError("there is no current context", place, f"--cluster with {_one_of(contexts)}")
    if wanted not in contexts:
        raise DocumentError(f"there is no context {wanted!r}", place, _one_of(contexts))
    found = contexts[wanted]
    clusters = {
        item.name: (path.parent, item.cluster)
        for path, file in reversed(files)
        for item in file.clusters or ()
    }
    users = {
        item.name: (path.parent, item.user) for path, file in reversed(files) for item in file.users or ()
    }
    folder, cluster = _named(clusters, found.cluster, f"context {wanted!r} names the cluster", place)
    if not cluster.server:
        raise DocumentError(f"the cluster {found.cluster!r} has no server", place, "the server's address")
    user_folder, user = _named(users, found.user, f"context {wanted!r} names the user", place)
    return Access(
        wanted,
        _absolute(cluster, folder, "certificate_authority"),
        _absolute(user or UserEntry(), user_folder, "client_certificate", "client_key", "token_file"),
        user_folder.resolve(),
    )


Found = TypeVar("Found")
Struct = TypeVar("Struct", bound=Entry)


def _named(known: dict[str, Found], name: str, who: str, place: Place) -> Found:
    if name not in known:
        raise DocumentError(f"{who} {name!r}, which is not there", place, _one_of(known))
    return known[name]


def _absolute(entry: Struct, folder: Path, *fields: str) -> Struct:
    """Paths of an entry, made absolute."""
    changes = {
        field: str(folder.resolve() / getattr(entry, field)) for field in fields if getattr(entry, field)
    }
    return msgspec.structs.replace(entry, **changes)


def _one_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(sorted(names))}" if names else "a kubeconfig with contexts"


def _read(path: Path, limits: Limits) -> _File:
    name = printable(path)
    documents = load_documents(read_file(path, limits), name, limits)
    if not documents:
        return _File()
    first = documents[0]
    if first.error:
        raise first.error
    try:
        return msgspec.convert(_without_nulls(first.document), _File)
    except msgspec.ValidationError as error:
        raise DocumentError(
            f"is no kubeconfig: {error}", Place(name, first.line), "apiVersion v1, kind Config"
        ) from error


def _without_nulls(value: Any) -> Any:
    """Absent and null mean the same in a kubeconfig."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
