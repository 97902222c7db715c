"""Pages and parts of pages. One template serves both: a block of it is what htmx swaps."""

from __future__ import annotations

import base64
import hashlib
import json
from contextvars import ContextVar
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import pass_context
from markupsafe import Markup

from recado.kit.correlation import correlation_id
from recado.web.panel import states
from recado.web.panel.markup import plain, rich
from recado.web.panel.words import FILTERS, _, n_, speech

_TOAST = "recado_toast"
_token: ContextVar[str] = ContextVar("recado_csrf", default="")
HTMX_CONFIG = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "scrollBehavior": "auto",
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


# --------------------------------------------------------------------------- static files


def static_folder() -> Traversable:
    return resources.files("recado.web").joinpath("static")


def _files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        found += _files(entry, name + "/") if entry.is_dir() else [(name, entry)]
    return found


@cache
def edition() -> str:
    """Changes with any file served, so that browsers may keep files for ever."""
    digest = hashlib.sha256()
    folder = static_folder()
    for part in ("panel", "vendor"):
        if (inside := folder.joinpath(part)).is_dir():
            for name, entry in sorted(_files(inside, ""), key=lambda one: one[0]):
                digest.update(name.encode() + entry.read_bytes())
    return digest.hexdigest()[:12]


def asset(name: str) -> str:
    """`css/shell.css`, `js/keys.js` or `vendor/htmx.min.js`: the address to write in a page."""
    return f"/painel/estatico/{edition()}/{name}"


# --------------------------------------------------------------------------- templates


@cache
def icon_names() -> frozenset[str]:
    return frozenset(resources.files("recado.web.panel").joinpath("icons.txt").read_text("utf-8").split())


def icon_address(name: str) -> str:
    """Where the drawing lies. Raises KeyError for a name that is not in icons.txt: it would be an empty square."""
    if name not in icon_names():
        raise KeyError(f"icon {name!r}: add it to web/panel/icons.txt and run `make setup`")
    return f"{asset('vendor/icons.svg')}#{name}"


@pass_context
def _current(context: Any, path: str) -> bool:
    """Whether the navigation entry is where we are."""
    here: str = context["request"].url.path
    return here == path or here.startswith(path + "/")


def csrf_field() -> Markup:
    """The hidden field of every form that changes something; works inside macros too."""
    return Markup("<input type='hidden' name='csrf' value='{}'>").format(_token.get())


def json_text(value: Any) -> str:
    """As a person would write it into a command."""
    return json.dumps(value, ensure_ascii=False)


def query(base: str, /, **values: Any) -> str:
    """An address with these parameters; empty ones are left out."""
    kept = {name: value for name, value in values.items() if value not in (None, "", False)}
    return f"{base}?{urlencode(kept, doseq=True)}" if kept else base


@cache
def environment() -> Environment:
    """Everything is escaped, a misspelled name is an error, and `ui.<macro>` has every macro of `parts/`."""
    made = Environment(
        loader=PackageLoader("recado.web.panel", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    ui = SimpleNamespace()
    made.globals |= {
        "_": _,
        "n_": n_,
        "asset": asset,
        "icon_address": icon_address,
        "query": query,
        "is_current": _current,
        "states": states,
        "speech": speech,
        "ui": ui,
        "csrf_field": csrf_field,
        "quote": quote,
        "htmx_config": HTMX_CONFIG,
    }
    made.filters |= FILTERS | {"rich": rich, "plain": plain, "json_text": json_text}
    for name in made.list_templates(filter_func=lambda one: one.startswith("parts/")):
        for macro, what in vars(made.get_template(name).module).items():
            if not macro.startswith("_"):
                if hasattr(ui, macro):
                    raise ValueError(f"parts: two macros are called {macro!r}")
                setattr(ui, macro, what)
    return made


def _context(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    from recado.web.panel.screens import NAVIGATION

    services = request.app.state.services
    visitor = getattr(request.state, "visitor", None)
    csrf = getattr(request.state, "csrf", "") or (visitor.csrf if visitor else "")
    _token.set(csrf)
    groups = [] if visitor is None else NAVIGATION.for_visitor(visitor)
    return {
        "request": request,
        "visitor": visitor,
        "csrf": csrf,
        "theme": visitor.theme if visitor else request.cookies.get("recado_theme", "system"),
        "now": services.clock.now(),
        "navigation": groups,
        "handset_url": services.handset_url,
        "sample": services.sample,
        "api_address": services.public_url or str(request.base_url).rstrip("/"),
        "demo": services.demo_login,
        "correlation": correlation_id(),
        "toasts": _read_toast(request),
    } | given


def page(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **given: Any,
) -> HTMLResponse:
    """The whole page."""
    context = _context(request, given)
    text = environment().get_template(template).render(context)
    response = HTMLResponse(text, status_code=status, headers=headers)
    if context["toasts"]:
        response.delete_cookie(_TOAST, path="/painel", samesite="strict", httponly=True)
    return response


def fragment(
    request: Request,
    template: str,
    block: str,
    /,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **given: Any,
) -> HTMLResponse:
    """One block of the same template: what htmx swaps in."""
    found = environment().get_template(template)
    context = found.new_context(_context(request, {"toasts": ()} | given))
    return HTMLResponse("".join(found.blocks[block](context)), status_code=status, headers=headers)


def is_swap(request: Request) -> bool:
    """Whether htmx asks for a part, not a whole page (going back in history asks for the whole)."""
    headers = request.headers
    return "hx-request" in headers and not (
        "hx-boosted" in headers or "hx-history-restore-request" in headers
    )


def answer(
    request: Request, template: str, block: str, /, *, status: int = 200, **given: Any
) -> HTMLResponse:
    """The block when htmx asks, the whole page otherwise. The answer differs, so caches are told."""
    vary = {"vary": "HX-Request"}
    if is_swap(request):
        return fragment(request, template, block, status=status, headers=vary, **given)
    return page(request, template, status=status, headers=vary, **given)


# --------------------------------------------------------------------------- going and telling


def go(request: Request, path: str, *, toast: str | None = None, kind: str = "ok") -> Response:
    """Answers an unsafe request with another page; the toast is shown there."""
    if is_swap(request):
        response = Response(status_code=204, headers={"hx-redirect": path})
    else:
        response = RedirectResponse(path, status_code=303)
    if toast:
        raw = json.dumps([kind, toast]).encode()
        response.set_cookie(
            _TOAST,
            base64.urlsafe_b64encode(raw).decode(),
            path="/painel",
            max_age=30,
            httponly=True,
            samesite="strict",
            secure=request.state.place.secure,
        )
    return response


def tell(response: Response, text: str, *, kind: str = "ok") -> Response:
    """Shows a toast when htmx takes this answer. `kind`: ok, info or bad."""
    response.headers["hx-trigger"] = json.dumps({"recado:toast": {"text": text, "kind": kind}})
    return response


def _read_toast(request: Request) -> tuple[dict[str, str], ...]:
    raw = request.cookies.get(_TOAST)
    if not raw:
        return ()
    try:
        kind, text = json.loads(base64.urlsafe_b64decode(raw.encode()))
    except ValueError:
        return ()
    return ({"kind": str(kind), "text": str(text)},) if kind in ("ok", "info", "bad") else ()
