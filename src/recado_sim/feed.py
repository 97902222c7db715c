"""What the handset page hears while it is open: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

QUEUE_MAX = 500
KEEP_ALIVE_S = 15.0


class Feed:
    """Hands each event to every listener; a listener too slow to follow loses the oldest ones."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes]] = set()
        self.closing = asyncio.Event()

    def tell(self, kind: str, about: dict[str, Any]) -> None:
        """Publish `message`, `status` or `handset`."""
        if not self._listeners:
            return
        text = b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(about) + b"\n\n"
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(text)

    async def listen(self) -> AsyncIterator[bytes]:
        """The stream of one page, until it leaves or the simulator stops."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_MAX)
        self._listeners.add(queue)
        stopping = asyncio.ensure_future(self.closing.wait())
        try:
            yield b": open\n\n"
            while not self.closing.is_set():
                waiting = asyncio.ensure_future(queue.get())
                await asyncio.wait(
                    (waiting, stopping), timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED
                )
                if waiting.done():
                    yield waiting.result()
                else:
                    waiting.cancel()
                    yield b": still here\n\n"
        finally:
            stopping.cancel()
            self._listeners.discard(queue)
