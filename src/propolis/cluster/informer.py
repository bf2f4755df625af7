"""Copies of objects in memory, each as the part of it that its reader wants."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

import msgspec

from propolis.cluster.reflector import Key

Kept = TypeVar("Kept")


class Informer(Generic[Kept]):
    """The objects of one kind; a `Store` that a reflector fills.

    Attributes:
        objects: By namespace and name.
        broken: Objects that could not be read, with the reason.
    """

    def __init__(self, read: Callable[[bytes], Kept], changed: Callable[[], None] = lambda: None) -> None:
        """Makes an empty one.

        Args:
            read: Takes from a document what is kept; raises `msgspec.DecodeError` for one of wrong shape.
            changed: Is called after every change.
        """
        self.objects: dict[Key, Kept] = {}
        self.broken: dict[Key, str] = {}
        self._read = read
        self._changed = changed

    def put(self, key: Key, document: bytes) -> None:
        """Takes one object over."""
        self._take(key, document)
        self._changed()

    def drop(self, key: Key) -> None:
        """Forgets an object."""
        self.objects.pop(key, None)
        self.broken.pop(key, None)
        self._changed()

    def keep(self, keys: AbstractSet[Key]) -> None:
        """Forgets all other objects."""
        for key in (self.objects.keys() | self.broken.keys()) - keys:
            self.objects.pop(key, None)
            self.broken.pop(key, None)
        self._changed()

    def _take(self, key: Key, document: bytes) -> None:
        self.objects.pop(key, None)
        self.broken.pop(key, None)
        try:
            self.objects[key] = self._read(document)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self.broken[key] = str(error)
