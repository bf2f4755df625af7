"""How admission listens: one process, TLS, kept connections, and no part of a framework between."""

import asyncio
import gc
import signal
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

GRACE_SECONDS = 10
"""How long open requests may take once the process is asked to stop."""
SWITCH_SECONDS = 0.0005
"""The longest that a review waits for a thread beside it, as the one that records decisions."""
GARBAGE = 50_000
"""Objects between two looks for garbage; a review leaves none that is in a circle."""
MOST_OPEN = 2000
"""Requests at once; others are answered 503, which the failure policy decides."""


def settle() -> None:
    """Hides what is there for good from the garbage collector, which would look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    sys.setswitchinterval(SWITCH_SECONDS)


def new_loop() -> asyncio.AbstractEventLoop:
    """The quickest loop that this system has."""
    try:
        import uvloop  # noqa: PLC0415  # absent on some systems
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Server(uvicorn.Server):
    """Leaves signals to the process, which has more to do than to stop listening."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def server_config(application: Any, context: ssl.SSLContext) -> uvicorn.Config:
    """How any ASGI application is served here: TLS, kept connections, nothing logged."""
    return uvicorn.Config(
        application,
        interface="asgi3",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MOST_OPEN,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=lambda _config, _default: context,
    )


@contextmanager
def asked_to_leave(leave: asyncio.Event) -> Iterator[None]:
    """Sets an event when the process is asked to stop, in place of stopping it."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, leave.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
