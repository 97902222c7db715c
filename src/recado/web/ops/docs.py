"""`/docs`: the API page from local files under a strict policy, no network needed."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from recado.errors import NotFound

router = APIRouter(include_in_schema=False)
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>recado · API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/static/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/static/swagger-ui-bundle.js"></script><script src="/docs/static/docs.js"></script>
</body></html>
"""
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_FILES = {
    "swagger-ui.css": "vendor/swagger-ui.css",
    "swagger-ui-bundle.js": "vendor/swagger-ui-bundle.js",
    "docs.js": "docs.js",
}


@router.get("/docs")
async def page() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"content-security-policy": _CSP})


@router.get("/docs/static/{name}")
async def static(name: str) -> Response:
    inside = _FILES.get(name)
    if inside is None:
        raise NotFound("not_found", "no such file")
    file = resources.files("recado.web").joinpath("static").joinpath(inside)
    if not file.is_file():
        raise NotFound("not_built", "run `make setup`: the files of the API page arrive at build time")
    suffix = "." + name.rsplit(".", 1)[-1]
    return Response(file.read_bytes(), media_type=_TYPES[suffix], headers={"cache-control": "max-age=3600"})
