"""Connections and transactions. `Tx` is what slices receive; they never open or commit one.

Each transaction sets its role and tenant with SET LOCAL in the same round trip as BEGIN, so a
pooled connection cannot carry one tenant's scope into the next transaction, and a pooler in
transaction mode works.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import asyncpg
import msgspec

from recado.db.sql import Statement
from recado.kit.ids import TenantId

Row = TypeVar("Row")

APP_ROLE = "recado_app"
ENGINE_ROLE = "recado_engine"
_INTAKE = "intake"

# What a caller may safely repeat: the server picked us as victim of a conflict.
RETRYABLE: tuple[type[Exception], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
# Our own time limit ended a statement: the database is there, the work was too much at once.
TOO_SLOW: tuple[type[Exception], ...] = (asyncpg.QueryCanceledError,)
UNAVAILABLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # asyncpg 0.32 says this of a connection the server has just cut (seen on 2026-11-22).
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DiskFullError,
    asyncpg.QueryCanceledError,
    OSError,
    TimeoutError,
)


_from_json = msgspec.json.Decoder().decode
_to_json = msgspec.json.Encoder().encode


class _Connection(asyncpg.Connection):
    """No reset round trip on release: nothing of ours outlives its transaction."""

    def get_reset_query(self) -> str:
        return ""


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + _to_json(value),
        decoder=lambda raw: _from_json(raw[1:]),
        format="binary",
    )


@dataclass(slots=True)
class Tx:
    """An open transaction. Parameters are passed by the names used in the SQL file."""

    connection: asyncpg.Connection

    def _args(self, statement: Statement, params: dict[str, Any]) -> list[Any]:
        return [params[name] for name in statement.params]

    async def execute(self, statement: Statement, **params: Any) -> int:
        """Rows touched."""
        tag = await self.connection.execute(statement.text, *self._args(statement, params))
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def fetch(self, statement: Statement, **params: Any) -> list[asyncpg.Record]:
        return await self.connection.fetch(statement.text, *self._args(statement, params))

    async def row(self, statement: Statement, **params: Any) -> asyncpg.Record | None:
        return await self.connection.fetchrow(statement.text, *self._args(statement, params))

    async def many(self, statement: Statement, into: type[Row], **params: Any) -> list[Row]:
        return [into(**record) for record in await self.fetch(statement, **params)]

    async def one(self, statement: Statement, into: type[Row], **params: Any) -> Row | None:
        record = await self.row(statement, **params)
        return None if record is None else into(**record)

    async def value(self, statement: Statement, **params: Any) -> Any:
        return await self.connection.fetchval(statement.text, *self._args(statement, params))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail alone."""
        await self.connection.execute("SAVEPOINT part")
        try:
            yield
        except Exception:
            await self.connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            raise
        else:
            await self.connection.execute("RELEASE SAVEPOINT part")


class Database:
    """Pools over one login, for tenants' requests, for the engine and for what arrives; none starves another."""

    def __init__(self, dsn: str, *, app_size: int, engine_size: int, intake_size: int = 1) -> None:
        self._dsn = dsn
        self._sizes = {APP_ROLE: app_size, ENGINE_ROLE: engine_size, _INTAKE: intake_size}
        self._pools: dict[str, asyncpg.Pool] = {}

    async def open(self) -> None:
        """Connects once for each pool. Raises OSError or the driver's errors when it cannot."""
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        for role, size in self._sizes.items():
            if size:
                self._pools[role] = await asyncpg.create_pool(
                    self._dsn,
                    # Most processes take in nothing: a connection for it is made when the first body arrives.
                    min_size=0 if role == _INTAKE else 1,
                    max_size=size,
                    init=_prepare,
                    connection_class=_Connection,
                    statement_cache_size=256,
                    max_cached_statement_lifetime=0,
                    command_timeout=30,
                    max_inactive_connection_lifetime=120,
                    server_settings=({"role": ENGINE_ROLE} if role == _INTAKE else {})
                    | {
                        "application_name": role,
                        "statement_timeout": "25s",
                        "lock_timeout": "5s",
                        "idle_in_transaction_session_timeout": "30s",
                        "timezone": "UTC",
                        "jit": "off",
                        # Plans are kept. One made while a table was small would read it from end to end
                        # after it grew: queues grow faster than statistics (a young database sent
                        # for ten seconds at a tenth of its speed). Every statement here has an index.
                        "enable_seqscan": "off",
                    },
                )

    async def close(self) -> None:
        for pool in self._pools.values():
            with suppress(Exception):
                await asyncio.wait_for(pool.close(), 5)
        self._pools.clear()

    async def append(self, statement: Statement, **params: Any) -> None:
        """One statement in a transaction of its own, as the engine: durable when this returns.

        One round trip instead of three. These connections are the engine's from their first moment, so nothing
        has to be set first; no tenant's scope ever comes near them.
        """
        if (pool := self._pools.get(_INTAKE)) is None:
            raise asyncpg.InterfaceError("no open pool for intake")
        async with pool.acquire(timeout=10) as connection:
            await connection.execute(statement.text, *[params[name] for name in statement.params])

    @asynccontextmanager
    async def transaction(self, begin: str, role: str) -> AsyncIterator[Tx]:
        """One transaction; COMMIT on success, ROLLBACK on any exception, cancellation included."""
        if (pool := self._pools.get(role)) is None:
            # Closed while a request was on its way: for the caller the database is away, nothing is broken.
            raise asyncpg.InterfaceError(f"no open pool for {role}")
        async with pool.acquire(timeout=10) as connection:
            # The pool's proxy has every method of the connection; the type checker cannot see it.
            raw = cast("asyncpg.Connection", connection)
            try:
                await raw.execute(begin)
                yield Tx(raw)
            except BaseException:
                await _roll_back(raw)
                raise
            else:
                await _commit(raw)

    @asynccontextmanager
    async def tenant(self, tenant_id: TenantId) -> AsyncIterator[Tx]:
        """A transaction that can see and write only this tenant's rows."""
        begin = (
            f"BEGIN; SET LOCAL ROLE {APP_ROLE}; "
            f"SELECT set_config('recado.tenant_id', '{tenant_id.hex}', true)"
        )
        async with self.transaction(begin, APP_ROLE) as tx:
            yield tx


async def _commit(connection: asyncpg.Connection) -> None:
    """PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.

    Whoever swallowed the failed statement would go on to acknowledge what was never stored.
    """
    if await connection.execute("COMMIT") != "COMMIT":
        raise RuntimeError("nothing was committed: the error of an earlier statement was ignored")


async def _roll_back(connection: asyncpg.Connection) -> None:
    try:
        if not connection.is_closed():
            await asyncio.wait_for(asyncio.shield(connection.execute("ROLLBACK")), 2)
    except BaseException:
        # A connection whose state is unknown must not go back to the pool. One that was cut has left it by itself,
        # and saying so would hide the error that brought us here.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


def records(rows: Sequence[asyncpg.Record], into: type[Row]) -> list[Row]:
    return [into(**row) for row in rows]
