"""Small choices: theme, language, shortcuts, company."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from recado.errors import NotFound
from recado.kit.ids import TenantId
from recado.web.auth import Deps
from recado.web.panel.pages import answer, go
from recado.web.panel.screens.door import inside
from recado.web.panel.visitor import Viewer, needs
from recado.web.panel.words import _

router = APIRouter()
Field = Annotated[str, Form(max_length=1000)]
_YEAR_S = 31_536_000


@router.get("/")
@needs("own")
async def root(visitor: Viewer) -> Response:
    return RedirectResponse("/painel", status_code=303)


@router.get("/painel")
@needs("own")
async def start(visitor: Viewer) -> Response:
    """The first screen this person may open."""
    from recado.web.panel.screens import NAVIGATION

    first = next((one.path for one in NAVIGATION.entries() if visitor.allowed(one.right)), "/painel/eu")
    return RedirectResponse(first, status_code=303)


def _back(request: Request, para: str) -> str:
    return inside(para) if para else "/painel"


@router.post("/painel/eu/tema")
@needs("own")
async def theme(
    request: Request, deps: Deps, visitor: Viewer, tema: Field = "system", para: Field = ""
) -> Response:
    """Kept with the person, and in a cookie so that the login page has it too."""
    await deps.desk.set_preferences(visitor.person_id, theme=tema)
    response = go(request, _back(request, para))
    if "hx-redirect" in response.headers:
        del response.headers["hx-redirect"]  # the script already changed the page's colours
    response.set_cookie(
        "recado_theme",
        tema,
        path="/painel",
        max_age=_YEAR_S,
        samesite="strict",
        httponly=True,
        secure=request.state.place.secure,
    )
    return response


@router.post("/painel/eu/idioma")
@needs("own")
async def language(
    request: Request, deps: Deps, visitor: Viewer, idioma: Field = "", para: Field = ""
) -> Response:
    await deps.desk.set_preferences(visitor.person_id, language=idioma)
    return go(request, _back(request, para))


@router.post("/painel/eu/atalhos")
@needs("own")
async def shortcuts(
    request: Request, deps: Deps, visitor: Viewer, atalhos: Field = "", para: Field = ""
) -> Response:
    await deps.desk.set_preferences(visitor.person_id, shortcuts=atalhos == "on")
    return go(request, _back(request, para), toast=_("Guardado."))


@router.get("/painel/empresas")
@needs("own")
async def companies(request: Request, deps: Deps, visitor: Viewer, q: str = "") -> Response:
    """Where the person chooses the company to look at."""
    found = await deps.desk.companies(visitor.person_id, q[:100])
    return answer(request, "shell/companies.html", "found", companies=found, q=q)


@router.post("/painel/empresas")
@needs("own")
async def choose(request: Request, deps: Deps, visitor: Viewer, empresa: Field = "") -> Response:
    try:
        tenant_id = TenantId(UUID(empresa))
    except ValueError as error:
        raise NotFound("tenant_not_found", "no such company") from error
    await deps.desk.choose_company(visitor.person_id, visitor.session, tenant_id)
    return go(request, "/painel")
