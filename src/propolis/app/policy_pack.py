"""The project's own policies, to look them up and to hand them to a cluster."""

from collections.abc import Sequence

from propolis.policy.model.any import AnyPolicy
from propolis.policy.sources import pack


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


def _without_prefix(choices: Sequence[str]) -> list[str]:
    return [one.removeprefix(pack.CHOICE) for one in choices] or [pack.ALL]
