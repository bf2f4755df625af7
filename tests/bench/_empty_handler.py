"""A server that answers every review alike, served as admission is: the reference of its benches."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

from propolis.app.admission_certificates import Certificates
from propolis.app.admission_keeping import folder_authorities
from propolis.app.admission_serving import Server, new_loop, server_config
from propolis.app.server import listen
from propolis.core import clock

ANSWER = (
    b'{"response":{"uid":"u","allowed":true},"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'
)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def empty(scope: Any, receive: Any, send: Any) -> None:
    del scope
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def main() -> None:
    """Serves until it is ended; the authority is kept in the folder that is named."""
    certificates = Certificates(
        ["127.0.0.1"], folder_authorities(Path(sys.argv[1]), clock.now()), clock.now()
    )
    listener = listen("127.0.0.1", 0)
    print(f"Admission: https://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    with contextlib.closing(listener), asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(Server(server_config(empty, certificates.context)).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
