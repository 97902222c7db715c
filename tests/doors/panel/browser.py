"""A browser without a screen: cookies, the token of forms, and reading what a page says."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import UUID

import httpx2

from recado.web.panel.security import csrf_of


class Browser:
    """Somebody inside. `post` sends the form's token and says where the request comes from, as browsers do."""

    def __init__(self, client: httpx2.AsyncClient, token: str, person_id: UUID) -> None:
        self.client = client
        self.token = token
        self.person_id = person_id
        client.cookies.set("recado_session", token)

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.client.get(path, **more)

    async def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> httpx2.Response:
        whole = {"sec-fetch-site": "same-origin", "origin": "http://localhost"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        form = {"csrf": csrf_of(self.token)} | (data or {})
        return await self.client.post(path, data=form, headers=whole)


def words(answer: httpx2.Response) -> str:
    """What a person reads: without elements, entities resolved, spaces folded."""
    text = re.sub(r"<(script|style|template)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def token_in(answer: httpx2.Response) -> str:
    """The token of the page's first form."""
    found = re.search(r"name='csrf' value='([0-9a-f]{64})'", answer.text)
    assert found, answer.text[:500]
    return found[1]
