"""A customer's software: `python -m bench.producer PORT RATE SECONDS CONNECTIONS FIRST`, with BENCH_API_KEY.

Asks for template messages at a steady rate, whatever the answers take (open loop), and
prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import uvloop

from bench import payloads
from bench.figures import milliseconds
from bench.wire import Lines

PATH = "/api/v1/messages/template"
_TICK_S = 0.005


def _request(head: bytes, n: int) -> bytes:
    body = payloads.template_body(payloads.recipient(n), f"bench-{n}")
    return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


async def _produce(port: int, rate: float, seconds: float, connections: int, first: int) -> dict[str, float]:
    latencies: list[float] = []
    refused = 0

    def answered(status: int, since: float) -> None:
        nonlocal refused
        latencies.append(time.perf_counter() - since)
        refused += status != 202

    lines = Lines("127.0.0.1", port, connections, answered)
    await lines.open()
    key = os.environ["BENCH_API_KEY"]
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\n"
    ).encode()
    count = 0
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        while count < int(passed * rate):
            # Due when the rate says so, not when this loop got round to it.
            lines.ask(_request(head, first + count), started + count / rate)
            count += 1
        await asyncio.sleep(_TICK_S)
    await lines.settle(15)
    lines.close()
    return {"asked": count, "unanswered": lines.unanswered, "refused": refused} | milliseconds(latencies)


def main() -> None:
    port, rate, seconds, connections, first = sys.argv[1:6]
    found = uvloop.run(_produce(int(port), float(rate), float(seconds), int(connections), int(first)))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
