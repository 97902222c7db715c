"""What breaks in a screen: people get a number to quote, the log gets the place, nobody's data goes anywhere."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from fastapi import APIRouter, Depends
from tests.doors.panel.browser import Browser, words
from tests.doors.panel.conftest import Enter
from tests.doors.panel.test_guard import panel_of
from tests.doors.street import Street

from recado.app import logs
from recado.people.rights import Role
from recado.web.panel.visitor import guard, needs

PERSONAL = (
    "Marina Azevedo",
    "+5520955500111",
    "o exame ficou pronto",
    "wamid.HBgNNTUyMDk1NTUwMDExMRUCABEYEjg5QTM",
)
NUMBER = "abcd1234"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the processes would write, as they would write it."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.configure("debug", "web")
    structlog.configure(
        logger_factory=structlog.WriteLoggerFactory(file=written), cache_logger_on_first_use=False
    )
    try:
        yield written
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
async def browser(street: Street, enter: Enter) -> Browser:
    """Somebody inside, and a screen that breaks with a person's data in its hands."""
    router = APIRouter()

    @router.get("/painel/quebra")
    @needs("own")
    async def breaks() -> str:
        name, phone, said, wamid = PERSONAL
        try:
            return str({}[phone])
        except KeyError as first:
            raise RuntimeError(f"{name}: {said}", {"to": phone, "id": wamid}) from first

    inside = await enter(Role.OPERATOR)
    panel_of(street).include_router(router, dependencies=[Depends(guard)])
    return inside


@pytest.mark.parametrize("more", [{}, {"hx-request": "true"}])
async def test_the_log_names_the_place_and_the_request_and_nobody(
    browser: Browser, log: io.StringIO, more: dict[str, str]
) -> None:
    answer = await browser.get("/painel/quebra", headers={"x-correlation-id": NUMBER} | more)
    assert answer.status_code == 500
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "panel.failed"]
    assert (failed["error"], failed["correlation_id"]) == ("RuntimeError", NUMBER)
    assert any(place.endswith(":breaks") for place in failed["trace"])
    heard = log.getvalue() + answer.text + json.dumps(dict(answer.headers))
    assert [one for one in (*PERSONAL, "Marina", "5520955500111") if one in heard] == []
    shown = words(answer) or answer.headers["hx-trigger"]
    assert NUMBER in shown


def test_what_a_server_says_of_an_exception_is_its_kind_and_place(log: io.StringIO) -> None:
    """The server in front reports what an application let through; its words may quote a row."""
    try:
        int(" ".join(PERSONAL))
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    (line,) = [json.loads(one) for one in log.getvalue().splitlines()]
    assert (line["event"], line["error"]) == ("library.message", "ValueError")
    assert [one for one in PERSONAL if one in log.getvalue()] == []
