"""The project's own policies, from the package's files: all of them, or those that somebody chose."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from propolis.core.errors import DocumentError
from propolis.lang.wildcard import matches
from propolis.policy.model.any import AnyPolicy
from propolis.policy.sources.documents import read_policies

PACKAGE = "propolis.policy.pack"
PREFIX = "pack/"
"""Before the path of a policy's file, in origins."""
CHOICE = "pack:"
"""Before a choice of the pack, where a path would stand otherwise."""
ALL = "all"
DEFAULT = "default"
_IS_DEFAULT = b"    propolis.dev/pack: default\n"
"""The line of the files of default policies, so that the other files need no parser."""


def content(path: str) -> bytes | None:
    """The file of a policy of the pack by the path of its origin; None for any other path."""
    file = _files().get(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None
    return file.read_bytes() if file is not None else None


def load() -> list[AnyPolicy]:
    """All policies of the pack, by folder and name.

    Raises:
        DocumentError: A file of the package is damaged.
    """
    return chosen([ALL])


def chosen(choices: Iterable[str]) -> list[AnyPolicy]:
    """The policies of some choices, each once: ``all``, ``default``, folders and names with wildcards.

    Raises:
        DocumentError: A choice is for nothing, or a file of the package is damaged.
    """
    found = {path: data for choice in choices for path, data in _of(choice)}
    return [policy for path in sorted(found) for policy in _parsed(path, found[path])]


def names() -> dict[str, list[str]]:
    """The names of all policies by the folder of the pack that they are in."""
    found: dict[str, list[str]] = {}
    for path in sorted(_files()):
        found.setdefault(_folder(path), []).append(_name(path))
    return found


def split(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """The choices of the pack among some paths (``pack:NAME``, without that prefix), and the other paths."""
    listed = list(paths)
    choices = [one.removeprefix(CHOICE) for one in listed if one.startswith(CHOICE)]
    return choices, [one for one in listed if not one.startswith(CHOICE)]


def has(name: str) -> bool:
    """Whether a policy of the pack has this name."""
    return any(name == _name(path) for path in _files())


def _of(choice: str) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the files of one choice."""
    is_none = True
    for path, file in _files().items():
        if choice == DEFAULT:
            data = file.read_bytes()
            if _IS_DEFAULT in data:
                is_none = False
                yield path, data
        elif choice in (ALL, _folder(path)) or matches(choice, _name(path)):
            is_none = False
            yield path, file.read_bytes()
    if is_none:
        known = ", ".join((DEFAULT, ALL, *names()))
        raise DocumentError(f"the pack has no policy {choice!r}", expected=f"{known} or the name of a policy")


def _parsed(path: str, data: bytes) -> Iterable[AnyPolicy]:
    loaded = read_policies(data, f"{PREFIX}{path}")
    if loaded.errors:
        raise loaded.errors[0]
    return loaded.policies


@cache
def _files() -> dict[str, Traversable]:
    """The files of policies by their path below the package."""
    return {
        f"{folder.name}/{file.name}": file
        for folder in resources.files(PACKAGE).iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }


def _folder(path: str) -> str:
    return path.partition("/")[0]


def _name(path: str) -> str:
    """The name of a policy, which is that of its file."""
    return path.partition("/")[2].removesuffix(".yaml")
