"""The Pod Security checks that ``policy apply`` is asked for: one level for all, or what namespaces say."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from propolis.cluster.files import read_file
from propolis.core.errors import DocumentError, Place
from propolis.core.finding import Finding
from propolis.core.inventory import Inventory
from propolis.core.limits import DEFAULT
from propolis.core.resource import Document, Resource
from propolis.lang.yaml import load_documents
from propolis.policy.engine.pod_security.admission import Configuration, evaluate_admission
from propolis.policy.engine.pod_security.standard import compile_standard, evaluate_standard

NAMESPACES = "namespaces"
GROUP = "pod-security.admission.config.k8s.io"
EXPECTED = "restricted:v1.34, baseline:latest, namespaces or the like"

Check = Callable[[Resource, datetime], Sequence[Finding]]


def pod_security_check(
    text: str, configuration: Path | None, known: Inventory, username: str
) -> Check | None:
    """The check of ``LEVEL:VERSION``, or of the labels of ``namespaces``; None where nothing is asked.

    Raises:
        DocumentError: There is no such level or version, or the configuration is none.
        SourceError: The configuration cannot be read.
    """
    if configuration is not None and text not in ("", NAMESPACES):
        raise DocumentError("a configuration is for levels of namespaces", expected=f"--pss {NAMESPACES}")
    if text == NAMESPACES or configuration is not None:
        given = read_configuration(configuration) if configuration else Configuration()
        return lambda resource, now: (
            evaluate_admission(
                given, resource, known.namespace_labels(resource.ref.namespace), username, now
            ).findings
        )
    return _of_level(text) if text else None


def _of_level(text: str) -> Check:
    level, _, version = text.partition(":")
    try:
        standard = compile_standard(level, version or "latest")
    except ValueError as error:
        raise DocumentError(str(error), expected=EXPECTED) from error
    return lambda resource, now: evaluate_standard(standard, resource, now).findings


def read_configuration(path: Path) -> Configuration:
    """A PodSecurityConfiguration, alone or within an AdmissionConfiguration of the API server.

    Raises:
        DocumentError: The file holds none, or one of a wrong shape.
        SourceError: It cannot be read.
    """
    for parsed in load_documents(read_file(path, DEFAULT), str(path)):
        if parsed.error is not None:
            raise parsed.error
        found = _configuration(parsed.document)
        if found is not None:
            try:
                return msgspec.convert(found, Configuration)
            except msgspec.ValidationError as error:
                raise DocumentError(str(error), Place(str(path), parsed.line)) from None
    raise DocumentError("holds no PodSecurityConfiguration", Place(str(path)), f"one of {GROUP}")


def _configuration(document: object) -> Document | None:
    if not isinstance(document, dict):
        return None
    if document.get("kind") == "PodSecurityConfiguration":
        return document
    plugins = document.get("plugins") if document.get("kind") == "AdmissionConfiguration" else None
    for plugin in plugins if isinstance(plugins, list) else ():
        if isinstance(plugin, dict) and plugin.get("name") == "PodSecurity":
            return _configuration(plugin.get("configuration"))
    return None
