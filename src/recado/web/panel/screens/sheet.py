"""The component sheet: every macro once, for whoever builds a screen and for the tests. Also the example of a
screen: a router, a right, a page."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from recado.web.auth import Deps
from recado.web.panel.pages import answer
from recado.web.panel.states import LOOKS
from recado.web.panel.visitor import Viewer, needs

router = APIRouter()
_SAID = (
    "Oi, *Marina*! Seu horário é _amanhã_ às ~14h~ 15h. ```código 123``` <b>nada</b> https://recado.invalid/x"
)


@router.get("/painel/componentes")
@needs("own")
async def sheet(request: Request, deps: Deps, visitor: Viewer, aba: str = "todas") -> Response:
    now = deps.clock.now()
    return answer(
        request,
        "shell/sheet.html",
        "content",
        tab=aba,
        names=list(LOOKS),
        said=_SAID,
        moments=[now - timedelta(seconds=5), now - timedelta(minutes=4), now + timedelta(hours=18)],
    )
