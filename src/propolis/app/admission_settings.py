"""Kyverno's settings as admission has them: of a file, or of a ConfigMap that is followed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.informer import Informer
from propolis.cluster.reflector import Reflector
from propolis.core.errors import DocumentError, Place, SourceError
from propolis.lang.yaml import load_documents
from propolis.policy.model.kyverno_settings import KyvernoSettings, parse_settings

if TYPE_CHECKING:
    from propolis.core.resource import Document

_Stamp = tuple[int, int, int]


class SettingsSource:
    """Where the settings come from; without any place they are the defaults.

    Attributes:
        settings: In force.
    """

    def __init__(self, file: Path | None = None, config_map: str = "") -> None:
        """Reads the file where there is one.

        Args:
            file: With a ConfigMap.
            config_map: ``NAMESPACE/NAME``, in place of a file.

        Raises:
            DocumentError: The file has no settings.
            SourceError: It cannot be read.
        """
        self.settings = KyvernoSettings()
        self._file = file
        self._config_map = config_map
        self._stamp: _Stamp | None = None
        self._is_changed = False
        self._informer = Informer[KyvernoSettings](self._parsed, self._change)
        self.look()

    def reflector(self, client: ApiClient) -> Reflector | None:
        """What follows the ConfigMap, to be run; None without one."""
        if not self._config_map:
            return None
        namespace, _, name = self._config_map.partition("/")
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        query = {"fieldSelector": f"metadata.name={name}"}
        served = Served("", "v1", "ConfigMap", "configmaps")
        return Reflector(client, served, self._informer, path=path, query=query)

    def look(self) -> bool:
        """Takes over what has changed; whether anything has. What cannot be read leaves all as it is.

        Raises:
            DocumentError: The file has no settings.
            SourceError: It cannot be read.
        """
        if self._file is not None:
            return self._look_at(self._file)
        if not self._is_changed:
            return False
        self._is_changed = False
        before = self.settings
        for problem in self._informer.broken.values():
            raise DocumentError(f"{self._config_map}: {problem}")
        self.settings = next(iter(self._informer.objects.values()), KyvernoSettings())
        return self.settings != before

    def _look_at(self, file: Path) -> bool:
        try:
            found = file.stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            data = file.read_bytes()
        except OSError as error:
            raise SourceError("read the settings", str(file), error.strerror or str(error)) from error
        before, self.settings = self.settings, parse_settings(_only_document(data, str(file)), str(file))
        return self.settings != before

    def _parsed(self, data: bytes) -> KyvernoSettings:
        document: Document = msgspec.json.decode(data, type=dict[str, Any])
        try:  # items of a list have no kind
            return parse_settings({**document, "kind": "ConfigMap"}, self._config_map)
        except DocumentError as error:
            raise msgspec.ValidationError(str(error)) from None

    def _change(self) -> None:
        self._is_changed = True


def _only_document(data: bytes, path: str) -> object:
    """The document of a file. Raises `DocumentError`."""
    documents = []
    for parsed in load_documents(data, path):
        if parsed.error is not None:
            raise parsed.error
        documents += [parsed.document] if parsed.document is not None else []
    if len(documents) != 1:
        raise DocumentError(f"there are {len(documents)} documents", Place(path), "one ConfigMap")
    return documents[0]
