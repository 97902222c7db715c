"""Serves the page's files from memory, with headers that leave it nothing but this origin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from urllib.parse import urlencode

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

PAGE = "page.html"

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)

# Messages come from strangers, so the page may run and load nothing but its own files.
# `blob:` and `data:` are for pictures the person is about to send.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        # Phones side by side are frames of this same page.
        "frame-src 'self'",
        "frame-ancestors 'self'",
    )
)

GUARDS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of the page."""

    body: bytes
    media_type: str
    etag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Every file of `static/` by name, read once. A name that is not here does not exist."""
    found: dict[str, Asset] = {}
    for entry in resources.files(__package__).joinpath("static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        media_type = MEDIA_TYPES.get(suffix)
        if media_type is None or not entry.is_file():
            continue
        body = entry.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        found[entry.name] = Asset(body=body, media_type=media_type, etag=etag)
    return MappingProxyType(found)


async def page(request: Request) -> Response:
    """The page itself. Never stored: it names a person in its address."""
    asset = assets()[PAGE]
    headers = {**GUARDS, "Cache-Control": "no-store"}
    return Response(asset.body, headers=headers, media_type=asset.media_type)


async def static(request: Request) -> Response:
    """A style sheet, a module or a drawing. Asked again at every visit, answered 304 if the same."""
    name = str(request.path_params["file"])
    asset = None if name == PAGE else assets().get(name)
    if asset is None:
        return PlainTextResponse("not found", status_code=404, headers=dict(GUARDS))
    headers = {**GUARDS, "Cache-Control": "no-cache", "ETag": asset.etag}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


@cache
def stories() -> bytes:
    """Every story, in the order of their file names, as one JSON list."""
    folder = resources.files(__package__).joinpath("stories")
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda one: one.name
    )
    return b"[" + b",".join(entry.read_bytes() for entry in files) + b"]"


async def tales(request: Request) -> Response:
    """What can be played on the page."""
    headers = {**GUARDS, "Cache-Control": "no-cache"}
    return Response(stories(), headers=headers, media_type="application/json")


class _PersonConvertor(Convertor[str]):
    """A phone or a BSUID; nothing else is a person's address."""

    regex = r"\+?[0-9]{8,15}|[A-Z]{2}\.[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("person", _PersonConvertor())


async def person(request: Request) -> Response:
    """`/celular/+5520955500111`: the phone of one person, as an address to write down."""
    query = urlencode({"pessoa": request.path_params["key"]})
    return RedirectResponse(f"/celular?{query}", status_code=307, headers=dict(GUARDS))


routes: list[Route] = [
    Route("/celular", page, methods=["GET"], name="handset"),
    Route("/celular/roteiros", tales, methods=["GET"], name="handset-stories"),
    Route("/celular/static/{file}", static, methods=["GET"], name="handset-static"),
    Route("/celular/{key:person}", person, methods=["GET"], name="handset-person"),
]
