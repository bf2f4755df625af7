"""The only module that reads the environment. Options of a command come before it."""

import os
from pathlib import Path

import msgspec

DEFAULT_STORE = Path("propolis.db")


class Settings(msgspec.Struct, frozen=True):
    """What the environment says.

    Attributes:
        store: The SQLite file (``PROPOLIS_STORE``).
        token: What a reader of the console must show when it listens beyond this machine
            (``PROPOLIS_TOKEN``); empty for none.
        kubeconfig: Paths of kubeconfig files, in order of precedence (``KUBECONFIG``).
    """

    store: Path = DEFAULT_STORE
    token: str = ""
    kubeconfig: tuple[Path, ...] = ()


def read_settings() -> Settings:
    """The settings of this process."""
    environment = os.environ  # noqa: TID251  # this is the one place
    kubeconfig = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return Settings(
        store=Path(environment.get("PROPOLIS_STORE") or DEFAULT_STORE),
        token=environment.get("PROPOLIS_TOKEN", ""),
        kubeconfig=tuple(kubeconfig or [Path.home() / ".kube" / "config"]),
    )
