"""The web process: which address, who may read, and how it stops."""

import ipaddress
import socket
import sys

import uvicorn

from propolis.app.settings import read_settings
from propolis.core.errors import DocumentError, SourceError
from propolis.reports.console.application import build_application
from propolis.store.database import Database

GRACE_SECONDS = 5
"""How long open requests may take once the process is asked to stop."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, port: int) -> None:
    """Refuses, before any work is done, what `serve_console` would refuse.

    Raises:
        DocumentError: The address is open to others and no token is set.
        SourceError: The port is taken.
    """
    _token_for(host)
    listen(host, port).close()


def _token_for(host: str) -> str:
    token = read_settings().token
    if not is_loopback(host) and not token:
        raise DocumentError(
            f"listening on {host} lets other machines read the findings",
            expected="PROPOLIS_TOKEN set to a secret that readers must show, or --host 127.0.0.1",
        )
    return token


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `SourceError`: the port is taken, or the address is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, UnicodeError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or "not an address"
        raise SourceError("listen", f"{host}:{port}", f"{reason}; choose another --host or --port") from error
    return listener


def serve_console(database: Database, host: str, port: int) -> None:
    """Serves until it is asked to stop.

    Raises:
        DocumentError: The address is open to others and no token is set.
        SourceError: The port is taken.
    """
    token = _token_for(host)
    listener = listen(host, port)
    application = build_application(database, token=token, only_local=is_loopback(host))
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
    )
    name = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"Console: http://{name}:{listener.getsockname()[1]}  (Ctrl-C stops it)\n")
    sys.stderr.flush()
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    finally:
        listener.close()
        database.close()
