"""Files of the panel: our own and those that arrive at build time."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Response

from recado.errors import NotFound
from recado.web.panel.pages import edition, static_folder
from recado.web.panel.visitor import OPEN, needs

router = APIRouter()
_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
_FOLDERS = {"css": "panel/css", "js": "panel/js", "img": "panel/img", "vendor": "vendor"}


@cache
def _load(folder: str, name: str) -> bytes:
    """Raises NotFound. Only names that lie in one of our folders reach the disk."""
    inside = static_folder().joinpath(_FOLDERS[folder])
    file = next((one for one in inside.iterdir() if one.name == name and one.is_file()), None)
    if file is None:
        what = "run `make setup`: these files arrive at build time" if folder == "vendor" else "no such file"
        raise NotFound("not_found", what)
    return file.read_bytes()


@router.get("/painel/estatico/{which}/{folder}/{name}")
@needs(OPEN)
async def file(which: str, folder: str, name: str) -> Response:
    kind = _TYPES.get(name.rpartition(".")[2])
    if folder not in _FOLDERS or kind is None:
        raise NotFound("not_found", "no such file")
    data = _load(folder, name)
    # Another edition's page asked (an update is going on): right answer, but not one to keep.
    keep = "public, max-age=31536000, immutable" if which == edition() else "no-cache"
    return Response(data, media_type=kind, headers={"cache-control": keep})
