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
        cache: Advisories and what is known of layers (``PROPOLIS_CACHE``, else ``propolis`` in the
            user's cache folder).
        docker_config: Credentials of registries (``config.json`` in ``DOCKER_CONFIG``, else ``~/.docker``).
        kubeconfig: Paths of kubeconfig files, in order of precedence (``KUBECONFIG``).
        service_host: Of the API server, in a pod (``KUBERNETES_SERVICE_HOST``); empty elsewhere.
        service_port: The same for its port.
    """

    store: Path = DEFAULT_STORE
    token: str = ""
    cache: Path = Path(".cache/propolis")
    kubeconfig: tuple[Path, ...] = ()
    docker_config: Path = Path(".docker/config.json")
    service_host: str = ""
    service_port: str = ""


def _home() -> Path:
    """The user's folder; the working directory for a user that the system does not know."""
    try:
        return Path.home()
    except RuntimeError:
        return Path()


def _user_cache() -> Path:
    """The cache folder of the XDG base directory specification."""
    named = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251  # the one place
    return Path(named) if named else _home() / ".cache"


def read_settings() -> Settings:
    """The settings of this process."""
    environment = os.environ  # noqa: TID251  # this is the one place
    kubeconfig = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return Settings(
        store=Path(environment.get("PROPOLIS_STORE") or DEFAULT_STORE),
        token=environment.get("PROPOLIS_TOKEN", ""),
        docker_config=Path(environment.get("DOCKER_CONFIG") or _home() / ".docker") / "config.json",
        cache=Path(environment.get("PROPOLIS_CACHE") or _user_cache() / "propolis"),
        kubeconfig=tuple(kubeconfig or [_home() / ".kube" / "config"]),
        service_host=environment.get("KUBERNETES_SERVICE_HOST", ""),
        service_port=environment.get("KUBERNETES_SERVICE_PORT", ""),
    )
