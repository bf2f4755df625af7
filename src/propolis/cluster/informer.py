"""Copies of objects in memory, each as the part of it that its reader wants."""

from collections.abc import Callable
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

    def replace(self, objects: dict[Key, bytes]) -> None:
        """Takes a whole list over."""
        self.objects.clear()
        self.broken.clear()
        for key, document in objects.items():
            self._keep(key, document)
        self._changed()

    def put(self, key: Key, document: bytes) -> None:
        """Takes one object over."""
        self._keep(key, document)
        self._changed()

    def drop(self, key: Key) -> None:
        """Forgets an object."""
        self.objects.pop(key, None)
        self.broken.pop(key, None)
        self._changed()

    def _keep(self, key: Key, document: bytes) -> None:
        self.objects.pop(key, None)
        self.broken.pop(key, None)
        try:
            self.objects[key] = self._read(document)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self.broken[key] = str(error)
