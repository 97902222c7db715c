"""Every sample webhook, hostile ones included, posted to the real address with a real signature.

Each body must be answered 200, stored, and end up projected, counted as unhandled or orphaned, or dead with
a reason. Nothing may vanish and nothing may answer 5xx.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.support.demo import Demo, eventually

from recado.db.embedded import EmbeddedConfig, start

COUNTS = """
select (select count(*) from ledger) as bodies,
       (select count(*) from ledger_work where state = 0) as waiting,
       (select count(*) from ledger_work where state = 2) as dead,
       (select count(*) from ledger_work where state = 2 and error is null) as unexplained
"""


@pytest.fixture
async def eye(running_demo: tuple[dict[str, str], int, Path]) -> AsyncIterator[asyncpg.Connection]:
    """Looks into the demo's own database."""
    data_dir = running_demo[2].with_suffix("") / "postgres"
    running = start(EmbeddedConfig(data_dir=data_dir))
    connection = await asyncpg.connect(running.dsn(database="recado"))
    yield connection
    await connection.close()
    running.release()


def bodies(corpus: Path) -> list[tuple[str, bytes]]:
    files = sorted(corpus.glob("webhook-*.json")) + sorted(corpus.glob("odd-*.json"))
    return [(one.name, one.read_bytes()) for one in files if "verification" not in one.name]


def message(n: int, **more: Any) -> dict[str, Any]:
    return {
        "from": "5520955500111",
        "id": f"wamid.UmVjYWRv{n:04d}",
        "timestamp": "1795262400",
        "type": "text",
        "text": {"body": f"lote {n}"},
    } | more


def status(n: int) -> dict[str, Any]:
    return {
        "id": f"wamid.RXN0YWRv{n:04d}",
        "status": "delivered",
        "timestamp": "1795262400",
        "recipient_id": "5520955500111",
    }


def envelope(demo: Demo, **value: Any) -> bytes:
    metadata = {"display_phone_number": "16505550100", "phone_number_id": demo.phone_number_id}
    inner = {"messaging_product": "whatsapp", "metadata": metadata} | value
    change = {"field": "messages", "value": inner}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": demo.waba_id, "changes": [change]}]}
    ).encode()


async def quiet(eye: asyncpg.Connection) -> asyncpg.Record:
    async def done() -> Any:
        row = await eye.fetchrow(COUNTS)
        return row if row["waiting"] == 0 else None

    row: asyncpg.Record = await eventually(done, 60)
    return row


@pytest.mark.corpus
async def test_every_sample_is_stored_and_accounted_for(
    demo: Demo, eye: asyncpg.Connection, shared_corpus: Path
) -> None:
    samples = bodies(shared_corpus / "open" if (shared_corpus / "open").exists() else shared_corpus)
    assert len(samples) > 250
    before = (await quiet(eye))["bodies"]
    refused = [name for name, body in samples if await demo.hook(body) != 200]
    assert refused == []
    row = await quiet(eye)
    assert row["bodies"] - before == len(samples)
    assert row["unexplained"] == 0
    events = await eye.fetchval("select count(*) from event")
    orphans = await eye.fetchval("select count(*) from orphan_event")
    assert events + orphans > 200


@pytest.mark.corpus
async def test_signatures_are_judged_as_the_samples_say(
    demo: Demo, eye: asyncpg.Connection, shared_corpus: Path
) -> None:
    folder = shared_corpus / "open" if (shared_corpus / "open").exists() else shared_corpus
    from recado.providers.meta.signature import verify_webhook

    for file in sorted(folder.glob("signature-webhook--*.json")):
        case = json.loads(file.read_text())
        body, given = case["raw_body"].encode(), case["x_hub_signature_256"]
        assert verify_webhook(body, given, [case["app_secret"].encode()]) is case["valid"], case["why"]
    before = await eye.fetchval("select count(*) from ledger")
    assert await demo.hook(b'{"object":"whatsapp_business_account","entry":[]}', secret="another") == 401
    assert await eye.fetchval("select count(*) from ledger") == before


async def test_a_batch_counts_each_of_its_messages_and_statuses(demo: Demo, eye: asyncpg.Connection) -> None:
    body = envelope(demo, messages=[message(n) for n in range(6)], statuses=[status(n) for n in range(5)])
    for _ in range(4):
        assert await demo.hook(body) == 200
    await quiet(eye)
    page = await demo.get("/api/v1/messages?direction=in&limit=200")
    texts = [one["content"].get("text", {}).get("body") for one in page["data"]]
    assert sorted(text for text in texts if isinstance(text, str) and text.startswith("lote")) == [
        f"lote {n}" for n in range(6)
    ]
    assert await eye.fetchval("select count(*) from event where kind = 'status.foreign'") >= 5
    received = "select count(*) from event where kind = 'message.received' and data->>'type' = 'text'"
    assert await eye.fetchval(received) >= 6


async def test_bodies_that_are_no_json_are_dead_letters_with_a_reason(
    demo: Demo, eye: asyncpg.Connection
) -> None:
    hostile = [
        b"",
        b"not json",
        b"\xff\xfe{",
        b'{"a":' * 20000,
        "\ufeff{}".encode("utf-16"),
        b'{"entry": [1e999]}',
    ]
    before = (await quiet(eye))["bodies"]
    for body in hostile:
        assert await demo.hook(body) == 200
    row = await quiet(eye)
    assert row["bodies"] - before == len(hostile)
    assert row["dead"] >= 4
    assert row["unexplained"] == 0
    too_large = b'{"x":"' + b"a" * (4 * 1024 * 1024) + b'"}'
    assert await demo.hook(too_large) == 413
