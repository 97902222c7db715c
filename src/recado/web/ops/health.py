"""`/health`, `/health/live`, `/health/ready`, `/metrics`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from recado.web.auth import Deps

router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="The process answers")
async def live() -> dict[str, str]:
    return {"status": "ok"}


async def _report(deps: Deps) -> tuple[bool, dict[str, Any]]:
    """Whether it is ready, and every fact."""
    checks = await deps.readiness()
    body = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
    return all(check.ok or not check.blocks for check in checks), body


@router.get("/health/ready", summary="It can take and send messages")
async def ready(deps: Deps) -> JSONResponse:
    ok, checks = await _report(deps)
    body = {"status": "ok" if ok else "not ready", "checks": checks}
    return JSONResponse(body, status_code=200 if ok else 503)


@router.get("/health", summary="Both, for people")
async def health(deps: Deps) -> JSONResponse:
    ready, checks = await _report(deps)
    wrong = [name for name, check in checks.items() if not check["ok"]]
    summary = "tudo certo" if not wrong else "precisa de atenção: " + ", ".join(wrong)
    body = {
        "status": "degraded" if wrong else "ok",
        "live": True,
        "ready": ready,
        "summary": summary,
        "checks": checks,
    }
    return JSONResponse(body, status_code=200 if ready else 503)


@router.get("/metrics", summary="Prometheus", response_class=Response)
async def metrics(deps: Deps) -> Response:
    return Response(await deps.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
