"""The project's own policies, to look them up and to hand them to a cluster."""

from collections.abc import Sequence

from propolis.core.resource import Document
from propolis.lang.yaml import load_documents
from propolis.policy.model.any import AnyPolicy
from propolis.policy.sources import pack
from propolis.policy.sources.placed_pack import enforced_document, namespaced_document


def pack_policies(choices: Sequence[str]) -> list[AnyPolicy]:
    """The policies of some choices of the pack; all where there is none.

    Raises:
        DocumentError: A choice is for nothing.
    """
    return pack.chosen(_without_prefix(choices))


def pack_files(choices: Sequence[str]) -> bytes:
    """The files of the same policies as one YAML stream, as they are.

    Raises:
        DocumentError: A choice is for nothing.
    """
    files = (pack.content(policy.origin.path) for policy in pack_policies(choices))
    return b"---\n".join(data for data in files if data is not None)


def placed_pack(
    choices: Sequence[str], namespace: str, *, enforces: bool
) -> tuple[list[Document], list[str]]:
    """The same policies for one namespace, or enforced; and the names of those that cannot be for one.

    Raises:
        DocumentError: A choice is for nothing.
    """
    found: list[Document] = []
    left_out: list[str] = []
    for parsed in load_documents(pack_files(choices), pack.PREFIX):
        document = parsed.document
        if not isinstance(document, dict):
            continue
        placed = namespaced_document(document, namespace) if namespace else document
        if placed is None:
            left_out.append(str(document["metadata"]["name"]))
        else:
            found.append(enforced_document(placed) if enforces else placed)
    return found, left_out


def _without_prefix(choices: Sequence[str]) -> list[str]:
    return [one.removeprefix(pack.CHOICE) for one in choices] or [pack.ALL]
