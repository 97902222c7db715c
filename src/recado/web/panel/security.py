"""What stands between a browser and the panel: headers, cookies, the origin of unsafe requests."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recado.kit.correlation import begin

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it browsers send `Origin: null` on our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_SESSION = "recado_session"
_DOOR = "recado_door"


class PanelHeaders:
    """Correlation id in and out, the strict policy on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-correlation-id"), b"")
        correlation = begin(given.decode("latin-1"))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-correlation-id"] = correlation
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


# --------------------------------------------------------------------------- where the browser is


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How this browser reaches us. `secure` cookies need https; plain http is for this machine only."""

    secure: bool
    loopback: bool
    origins: frozenset[str]

    @property
    def usable(self) -> bool:
        return self.secure or self.loopback


def place_of(request: Request, public_url: str) -> Place:
    """TLS may end at a proxy in front, so `public_url` counts as well as the connection's own scheme."""
    host = request.headers.get("host", "")
    public = urlsplit(public_url)
    behind_tls = public.scheme == "https" and public.netloc.casefold() == host.casefold()
    secure = request.url.scheme == "https" or behind_tls
    return Place(
        secure=secure,
        loopback=is_loopback(urlsplit(f"//{host}").hostname or ""),
        origins=frozenset({f"{'https' if secure else 'http'}://{host}".casefold()}),
    )


# --------------------------------------------------------------------------- cookies


def _name(base: str, place: Place) -> str:
    """Browsers refuse the `__Host-` prefix without Secure, and Secure without https: on plain http of this
    machine the cookie has its bare name instead."""
    return f"__Host-{base}" if place.secure else base


def read_session(request: Request, place: Place) -> str | None:
    return request.cookies.get(_name(_SESSION, place)) or None


def write_session(response: Response, place: Place, token: str) -> None:
    """A session cookie: gone with the browser, never readable by scripts. Lax, so that links from an e-mail or
    a chat open inside; what changes something is guarded by the token."""
    response.set_cookie(
        _name(_SESSION, place), token, path="/", secure=place.secure, httponly=True, samesite="lax"
    )


def drop_session(response: Response, place: Place) -> None:
    response.delete_cookie(
        _name(_SESSION, place), path="/", secure=place.secure, httponly=True, samesite="lax"
    )


def read_door(request: Request, place: Place) -> str | None:
    return request.cookies.get(_name(_DOOR, place)) or None


def write_door(response: Response, place: Place, token: str) -> None:
    """What the token of forms outside a session is made from."""
    response.set_cookie(
        _name(_DOOR, place), token, path="/", secure=place.secure, httponly=True, samesite="strict"
    )


# --------------------------------------------------------------------------- unsafe requests


def csrf_of(secret: str) -> str:
    """The token of everything that changes something; follows from the cookie, useless without it."""
    return hmac.new(secret.encode(), b"recado csrf", hashlib.sha256).hexdigest()


def same_site(request: Request, place: Place) -> bool:
    """Whether the browser itself says that our own page sent this. Old browsers say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or origin.casefold() in place.origins


async def given_csrf(request: Request) -> str:
    """From the header (htmx) or the form's field."""
    if header := request.headers.get(CSRF_HEADER):
        return header
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        value = (await request.form()).get(CSRF_FIELD)
        return value if isinstance(value, str) else ""
    return ""


def csrf_fits(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), csrf_of(secret).encode())


def address_of(request: Request, proxies: int) -> str:
    """The caller's address; with `proxies` in front, the one the outermost of them saw."""
    seen = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",") if one.strip()]
    if proxies and len(seen) >= proxies:
        return seen[-proxies]
    return request.client.host if request.client else "unknown"
