"""The small numbers of the navigation. A screen that has one says how it is counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from recado.db.pool import Tx
from recado.web.auth import Deps
from recado.web.panel.visitor import Viewer, Visitor, needs

router = APIRouter()
Count = Callable[[Tx, Visitor], Awaitable[int]]
# More than this is shown as "99+": counting further would cost more than it says.
ENOUGH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    right: str
    count: Count


_BADGES: dict[str, _Counted] = {}


def badge(name: str, right: str) -> Callable[[Count], Count]:
    """Registers the number behind `Entry(badge=name)`. Counts at most `ENOUGH`; runs in the visitor's scope."""

    def register(count: Count) -> Count:
        _BADGES[name] = _Counted(right=right, count=count)
        return count

    return register


@router.get("/painel/contagens")
@needs("live")
async def counts(deps: Deps, visitor: Viewer) -> JSONResponse:
    """`{"voce": 4, …}`: what this role may count."""
    found: dict[str, int] = {}
    async with deps.db.tenant(visitor.tenant_id) as tx:
        for name, one in _BADGES.items():
            if visitor.allowed(one.right):
                found[name] = min(await one.count(tx, visitor), ENOUGH)
    return JSONResponse(found, headers={"cache-control": "no-store"})
