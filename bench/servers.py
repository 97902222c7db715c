"""What the intake is compared with, each in a process of its own: `python -m bench.servers hello|pywa PORT`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop

from bench import payloads

Asgi = Callable[..., Awaitable[None]]
PATH = "/hook"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """The least an ASGI server can do with a webhook: read the body, say ok."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"2"), (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def pywa() -> Asgi:
    """pywa's webhook endpoint in FastAPI: checks the signature, parses, calls a handler. It stores nothing."""
    from fastapi import FastAPI
    from pywa_async.client import WhatsApp

    app = FastAPI()
    client = WhatsApp(
        phone_id=payloads.PHONE_NUMBER_ID,
        token="bench-only",
        server=app,
        webhook_endpoint=PATH,
        verify_token="bench-only",
        app_secret=payloads.APP_SECRET,
    )

    @client.on_message_status()
    async def seen(_: Any, status: Any) -> None:
        assert status.id

    return app


async def serve(app: Asgi, port: int) -> None:
    # The same settings as recado's own doors (recado/app/processes.py).
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        loop="none",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        backlog=2048,
        proxy_headers=False,
    )
    await uvicorn.Server(config).serve()


def main() -> None:
    which, port = sys.argv[1], int(sys.argv[2])
    uvloop.run(serve(hello if which == "hello" else pywa(), port))


if __name__ == "__main__":
    main()
