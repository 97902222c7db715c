"""Writing raw bodies down before anything looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recado.db import sql
from recado.db.group_commit import GroupCommit
from recado.db.pool import Database
from recado.kit.failpoints import reached

# While one commit waits for the disk the next bodies are already on their way to it.
_FLUSHERS = 2
_Q = sql.load("recado.inbound")


class _Teller:
    """Passes on what became of a body. Nobody waits for it, so it is never done before."""

    __slots__ = ("_tell",)

    def __init__(self, tell: Callable[[Exception | None], None]) -> None:
        self._tell = tell

    def done(self) -> bool:
        return False

    def set_result(self, result: None, /) -> None:
        self._tell(None)

    def set_exception(self, exception: Exception, /) -> None:
        self._tell(exception)


class Ledger:
    """Durable append of webhook bodies."""

    def __init__(self, db: Database, provider: str) -> None:
        self._db = db
        self._provider = provider
        self._group: GroupCommit[bytes, None] = GroupCommit(self._write, flushers=_FLUSHERS)

    async def append(self, body: bytes) -> None:
        """Returns when the body is committed. Raises NotReady or a database error: then nothing was stored."""
        await self._group.add(body)

    def submit(self, body: bytes, tell: Callable[[Exception | None], None]) -> None:
        """As `append`; `tell` gets None when the body is committed, or why it is not. Raises NotReady at once when too
        many wait."""
        self._group.submit(body, _Teller(tell))

    async def _write(self, bodies: Sequence[bytes]) -> Sequence[None]:
        reached("hook.before_insert")
        await self._db.append(_Q["append_bodies"], provider=self._provider, bodies=list(bodies))
        reached("hook.after_commit")
        return [None] * len(bodies)

    async def close(self) -> None:
        await self._group.close()
