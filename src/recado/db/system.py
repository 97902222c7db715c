"""Work across tenants. Few may import this (see `.importlinter`): queue, inbound, app, cli."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from recado.db.pool import ENGINE_ROLE, Database, Tx

_BEGIN = f"BEGIN; SET LOCAL ROLE {ENGINE_ROLE}"


@asynccontextmanager
async def system(db: Database) -> AsyncIterator[Tx]:
    """A transaction under the engine role: it sees every tenant, so statements name them."""
    async with db.transaction(_BEGIN, ENGINE_ROLE) as tx:
        yield tx
